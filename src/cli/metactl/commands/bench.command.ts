import { Command, Option } from 'nest-commander';
import { MetadError } from '@metad/contract';
import { newCommandId } from '../sending/command-id.js';
import type { Gateway } from '../session/gateway.js';
import type { Session, SessionOptions } from '../session/session.js';
import { MetactlCommand, oneOf, wholeNumber } from './metactl-command.js';

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

const attemptMs = 10_000;

/**
 * A closed loop: so many requests are always outstanding, the next begins when one ends. It
 * measures this machine and this client as much as the cluster; `benchmark/` is the place for
 * comparisons.
 */
@Command({ name: 'bench', description: 'a simple closed loop of assignments and look-ups' })
export class BenchCommand extends MetactlCommand<BenchOptions> {
  protected async execute(
    { gateway, printer }: Session,
    _args: readonly string[],
    options: BenchOptions,
  ): Promise<void> {
    const { outstanding = 64, seconds = 10 } = options;
    const tally: Tally = { latencies: [], failures: new Map() };
    const startedAt = performance.now();
    const endsAt = startedAt + seconds * 1_000;
    const loops = Array.from({ length: outstanding }, async (_, at) => {
      for (let turn = at; performance.now() < endsAt; turn += outstanding) {
        await measure(tally, () => act(gateway, options, turn));
      }
    });
    await Promise.all(loops);
    printer.record(report(tally, performance.now() - startedAt, outstanding));
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

  @Option({ flags: '--resources <n>', description: 'how many different ones (default: 10000)' })
  parseResources(text: string): number {
    return wholeNumber('--resources', text, 1, 100_000_000);
  }
}

const tenants = 100;
const readsPerWrite = 10;

async function act(gateway: Gateway, options: BenchOptions, turn: number): Promise<unknown> {
  const { namespace = 'bench', mode = 'write', resources = 10_000 } = options;
  const number = turn % resources;
  const record = { tenantId: `tenant-${number % tenants}`, resourceId: `resource-${number}` };
  if (mode === 'write' || (mode === 'mixed' && turn % readsPerWrite === 0)) {
    const data = { ...record, node: `node-${turn % 1_000}` };
    const request = { commandId: newCommandId(), data };
    return gateway.command(namespace, 'AssignResource', request, attemptMs);
  }
  return gateway.query(namespace, 'GetResource', { params: record, consistency: 'linearizable' });
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
