import { Command, Option } from 'nest-commander';
import { MetadError, type MetadClient } from '@metad/client';
import { subjectNameOf } from '../session/gateway.js';
import type { Session, SessionOptions } from '../session/session.js';
import { ConnectedCommand, oneOf, timeoutOf } from './metactl-command.js';
import { wholeNumber } from '../input/whole-number.js';

const MODES = ['write', 'read', 'mixed'] as const;

interface BenchOptions extends SessionOptions {
  readonly namespace?: string;
  readonly mode?: (typeof MODES)[number];
  readonly outstanding?: number;
  readonly seconds?: number;
  readonly resources?: number;
}

/** Results of a run: latencies in milliseconds, failures by code. */
interface Tally {
  readonly latencies: number[];
  readonly failures: Map<string, number>;
}

/**
 * A closed loop: so many calls are always outstanding, the next begins when one ends. They go
 * through the client library, as a service's would: straight to the leaders where that is allowed,
 * retries included. It measures this machine and this client as much as the cluster; `benchmark/`
 * is the place for comparisons.
 */
@Command({ name: 'bench', description: 'a simple closed loop of assignments and look-ups' })
export class BenchCommand extends ConnectedCommand<BenchOptions> {
  protected async execute(
    { requester, prefix, printer }: Session,
    _args: readonly string[],
    options: BenchOptions,
  ): Promise<void> {
    const { outstanding = 64, seconds = 10 } = options;
    const namespace = subjectNameOf('namespace', options.namespace ?? 'bench');
    const client = await requester.client(namespace, prefix, { routing: 'leader' });
    const tally: Tally = { latencies: [], failures: new Map() };
    const startedAt = performance.now();
    const endsAt = startedAt + seconds * 1_000;
    const loops = Array.from({ length: outstanding }, async (_, at) => {
      for (let turn = at; performance.now() < endsAt; turn += outstanding) {
        await measure(tally, () => act(client, options, turn));
      }
    });
    await Promise.all(loops);
    const { retries } = client.statistics();
    printer.record({ ...report(tally, performance.now() - startedAt, outstanding), retries });
  }

  @Option({ flags: '-n, --namespace <name>', description: 'default: bench' })
  parseNamespace(text: string): string {
    return text;
  }

  @Option({ flags: '--mode <mode>', description: 'write (default), read, mixed (1 write in 10)' })
  parseMode(text: string): string {
    return oneOf('--mode', text, MODES);
  }

  @Option({ flags: '--outstanding <n>', description: 'default: 64' })
  parseOutstanding(text: string): number {
    return wholeNumber('--outstanding', text, 1, 10_000);
  }

  @Option({ flags: '--seconds <n>', description: 'default: 10' })
  parseSeconds(text: string): number {
    return wholeNumber('--seconds', text, 1, 86_400);
  }

  @Option({
    flags: '--timeout <ms>',
    description: 'for one call, retries included (default: 10000)',
  })
  parseTimeout(text: string): number {
    return timeoutOf(text);
  }

  @Option({ flags: '--resources <n>', description: 'how many different ones (default: 10000)' })
  parseResources(text: string): number {
    return wholeNumber('--resources', text, 1, 100_000_000);
  }
}

const tenants = 100;
const readsPerWrite = 10;

function act(client: MetadClient, options: BenchOptions, turn: number): Promise<unknown> {
  const { mode = 'write', resources = 10_000, timeout } = options;
  const patience = timeout === undefined ? {} : { timeoutMs: timeout };
  const number = turn % resources;
  const record = { tenantId: `tenant-${number % tenants}`, resourceId: `resource-${number}` };
  if (mode === 'write' || (mode === 'mixed' && turn % readsPerWrite === 0)) {
    const data = { ...record, node: `node-${turn % 1_000}` };
    return client.command('AssignResource', data, patience);
  }
  return client.query('GetResource', record, { consistency: 'linearizable', ...patience });
}

async function measure(tally: Tally, action: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  try {
    await action();
    tally.latencies.push(performance.now() - startedAt);
  } catch (error) {
    const code = error instanceof MetadError ? error.code : (error as Error).name;
    tally.failures.set(code, (tally.failures.get(code) ?? 0) + 1);
  }
}

function report(tally: Tally, elapsedMs: number, outstanding: number): Record<string, unknown> {
  const sorted = Float64Array.from(tally.latencies).sort();
  const at = (share: number): number =>
    Number(
      (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2),
    );
  return {
    done: sorted.length,
    perSecond: Math.round(sorted.length / (elapsedMs / 1_000)),
    outstanding,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    maxMs: at(1),
    failures: Object.fromEntries(tally.failures),
  };
}
