import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { MetadError } from '@metad/contract';
import type { Request, Response } from 'express';
import { answerError } from '../../http/http-answer.js';
import type { PageFile } from './page-files.js';

export const PAGE_FILES = Symbol('PageFiles');

/** The dashboard's own files: at `/` the page, below `/dashboard/` what it is made of. */
@Controller()
export class PageController {
  constructor(@Inject(PAGE_FILES) private readonly files: ReadonlyMap<string, PageFile>) {}

  @Get()
  page(@Req() request: Request, @Res() response: Response): void {
    this.send('index.html', request, response);
  }

  @Get('dashboard/*path')
  file(@Req() request: Request, @Res() response: Response): void {
    this.send(request.path.slice('/dashboard/'.length), request, response);
  }

  private send(name: string, request: Request, response: Response): void {
    const file = this.files.get(name);
    if (file === undefined) {
      answerError(response, new MetadError('NOT_FOUND', 'the dashboard has no such file'));
      return;
    }
    response.setHeader('ETag', file.etag);
    if (request.header('if-none-match') === file.etag) {
      response.status(304).end();
      return;
    }
    response.setHeader('Content-Type', file.type);
    response.status(200).end(file.body);
  }
}
