import { All, Controller, Req, Res } from '@nestjs/common';
import { MetadError } from '@metad/contract';
import type { Request, Response } from 'express';
import { answerError } from './http-answer.js';

/** What no other controller takes under `/api/v1`: an error body like any other. */
@Controller('api/v1')
export class UnknownPathController {
  @All('*path')
  unknown(@Req() request: Request, @Res() response: Response): void {
    const message = `no ${request.method} on ${request.path.slice(0, 200)}; see /docs`;
    answerError(response, new MetadError('NOT_FOUND', message));
  }
}
