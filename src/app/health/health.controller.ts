import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { HealthChecks, type Probe } from './health-checks.js';

/** `/livez` speaks of this process alone: losing quorum must not get a healthy process killed. */
@Controller()
export class HealthController {
  constructor(@Inject(HealthChecks) private readonly checks: HealthChecks) {}

  @Get('livez')
  live(@Query('verbose') verbose: string | undefined, @Res() response: Response): void {
    this.answer('live', verbose, response);
  }

  @Get('readyz')
  ready(@Query('verbose') verbose: string | undefined, @Res() response: Response): void {
    this.answer('ready', verbose, response);
  }

  @Get('startupz')
  startup(@Query('verbose') verbose: string | undefined, @Res() response: Response): void {
    this.answer('startup', verbose, response);
  }

  private answer(probe: Probe, verbose: string | undefined, response: Response): void {
    const { ok, checks } = this.checks.report(probe);
    response.status(ok ? 200 : 503).type('text/plain');
    if (verbose === undefined && ok) {
      response.send('ok\n');
      return;
    }
    const lines = checks.map((c) => `[${c.ok ? '+' : '-'}] ${c.name}: ${c.detail}`);
    response.send(`${lines.join('\n')}${lines.length > 0 ? '\n' : ''}${ok ? 'ok' : 'failed'}\n`);
  }
}
