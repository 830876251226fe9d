import { Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Configuration } from '../app/configuration.js';
import type { Tracing } from '../app/telemetry/tracing/tracing.js';
import { CONFIGURATION, TRACING } from '../app/tokens.js';
import { CommandService } from '../command/command.service.js';
import { QueryEntry } from '../query/query-entry.js';
import { callerName } from './access/caller.js';
import { AdminGate } from './admin-gate.js';
import { answer, answerWith } from './http-answer.js';

/**
 * Commands, queries and administration by HTTP: the same bodies, answers and errors as over NATS,
 * with the error's status as the HTTP status. Bodies pass through as bytes.
 */
@Controller('api/v1')
export class ApiController {
  private readonly bytesMax: number;

  constructor(
    @Inject(CommandService) private readonly commands: CommandService,
    @Inject(QueryEntry) private readonly queries: QueryEntry,
    @Inject(AdminGate) private readonly administration: AdminGate,
    @Inject(CONFIGURATION) { limits }: Configuration,
    @Inject(TRACING) private readonly tracing: Tracing | null,
  ) {
    this.bytesMax = limits.requestBytesMax;
  }

  @Post('commands/:namespace/:command')
  command(
    @Param('namespace') namespace: string,
    @Param('command') command: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    return answerWith(request, response, this.bytesMax, (body) => {
      const traceparent = request.headers['traceparent'];
      const trace = this.tracing?.receive(typeof traceparent === 'string' ? traceparent : '');
      const actor = callerName(request);
      return this.commands.execute(namespace, command, body, { actor, trace: trace ?? null });
    });
  }

  @Post('queries/:namespace/:query')
  query(
    @Param('namespace') namespace: string,
    @Param('query') query: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    return answerWith(request, response, this.bytesMax, (body) =>
      this.queries.execute(namespace, query, body),
    );
  }

  /** `node` is a node's name, or `_any`. */
  @Post('admin/:node/:noun/:verb')
  admin(
    @Param('node') node: string,
    @Param('noun') noun: string,
    @Param('verb') verb: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    return answerWith(request, response, this.bytesMax, (body) =>
      this.administration.execute(node, noun, verb, body, callerName(request)),
    );
  }

  /** Names of the administrative acts. */
  @Get('admin')
  verbs(@Res() response: Response): void {
    const payload = JSON.stringify({ items: this.administration.names() });
    answer(response, { payload, error: null });
  }
}
