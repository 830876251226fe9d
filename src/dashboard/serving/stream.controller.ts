import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import { asMetadError } from '../../command/command-exchange.js';
import { answerError } from '../../http/http-answer.js';
import { Viewers } from './viewers.js';

/**
 * The cluster as this node sees it, once a second, as server-sent events: one `snapshot`, then
 * `delta`s. It stands under administration, since it shows records of every namespace.
 */
@Controller('api/v1/admin/dashboard')
export class StreamController {
  constructor(@Inject(Viewers) private readonly viewers: Viewers) {}

  @Get('stream')
  stream(@Res() response: Response): void {
    try {
      this.viewers.add(response);
    } catch (error) {
      answerError(response, asMetadError(error));
    }
  }
}
