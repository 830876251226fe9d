import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { asMetadError } from '../command/command-exchange.js';
import { invalidArgument } from '../command/request-body.js';
import { WatchService } from '../watch/index.js';
import { answerError } from './http-answer.js';
import { EventStream } from './event-stream.js';

/**
 * A watch as server-sent events: `GET /api/v1/watch/<namespace>?kind=resource&node=n1&from=now`.
 * `from` is as over NATS; every other parameter is a field of the filter, compared as text, or
 * `filter` gives it all as JSON. An `EventSource` that loses its connection comes back with
 * `Last-Event-ID` and goes on without a hole.
 */
@Controller('api/v1/watch')
export class WatchStreamController {
  constructor(@Inject(WatchService) private readonly watches: WatchService) {}

  @Get(':namespace')
  watch(
    @Param('namespace') namespace: string,
    @Query() query: Readonly<Record<string, unknown>>,
    @Req() request: Request,
    @Res() response: Response,
  ): void {
    const stream = new EventStream(response);
    try {
      const { from: start = 'now', filter, ...fields } = query;
      const from = request.header('last-event-id') ?? start;
      if (typeof from !== 'string') throw twice('from');
      const watcher = this.watches.open(namespace, parseFilter(filter, fields), from, stream);
      stream.begin(watcher, this.watches.positionOf(watcher));
      response.on('close', () => this.watches.close(watcher));
    } catch (error) {
      answerError(response, asMetadError(error));
    }
  }
}

function parseFilter(filter: unknown, fields: Readonly<Record<string, unknown>>): unknown {
  if (filter === undefined) return fields;
  if (typeof filter !== 'string') throw twice('filter');
  try {
    return JSON.parse(filter) as unknown;
  } catch {
    throw invalidArgument([{ field: 'filter', reason: 'is not JSON' }]);
  }
}

const twice = (field: string) => invalidArgument([{ field, reason: 'must be given once' }]);
