import { readdirSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { maskedUrl } from '../../app/settings/masked-url.js';
import { brokerOf } from '../broker-address.js';
import { ServiceRequester } from '../service-requester.js';
import { LocalCluster } from './cluster.js';
import { claimDataFolder } from './data-folder.js';
import { bringUp } from './infrastructure.js';
import type { Infrastructure } from './infrastructure.js';
import type { LaunchOptions } from './launch-options.js';
import { untilAllLed } from './leaders.js';
import type { Terminal } from './terminal.js';

/**
 * A whole cluster on this machine. Order up: data folder, broker, Postgres, nodes, leaders, the
 * ready line. Order down: nodes (drained), Postgres, broker, data folder.
 */
const leadersMsMax = 120_000;

/** The built node program. Tests put another one in its place. */
const nodeProgram = fileURLToPath(new URL('../../main.js', import.meta.url));

export class Launcher {
  private readonly cluster: LocalCluster;
  private bringingUp: Promise<Infrastructure> | null = null;
  private release: () => Promise<void> = async () => undefined;
  private stopped: Promise<void> | null = null;

  constructor(
    private readonly options: LaunchOptions,
    private readonly env: NodeJS.ProcessEnv,
    private readonly terminal: Terminal,
  ) {
    this.cluster = new LocalCluster(options, {
      onLine: (node, line) => terminal.line(node, line),
      onNotice: (text) => terminal.notice(text),
    });
  }

  /** Resolves after the ready line. Rejects with what went wrong; call `stop` then too. */
  async start(): Promise<void> {
    this.release = await claimDataFolder(this.options.dataDir);
    const isNew = !readdirSync(this.options.dataDir).includes('n1');
    this.bringingUp = bringUp(this.options, this.env);
    const infrastructure = await this.bringingUp;
    this.terminal.notice(`${infrastructure.summary}; starting ${this.options.nodes} nodes …`);
    const program = this.env['METAD_NODE_PROGRAM'] ?? nodeProgram;
    const addresses = await this.cluster.start(program, infrastructure, this.env);
    const expected = isNew ? this.options.partitions : null;
    const partitions = await this.awaitLeaders(infrastructure.natsUrl, expected);
    if (!this.cluster.isStopping) this.announce(addresses, partitions, infrastructure.natsUrl);
  }

  /** Drains and stops everything that was started. Idempotent. */
  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  /** No more waiting: nodes are killed where they stand; `stop` then soon resolves. */
  kill(): void {
    this.cluster.kill();
  }

  private async stopAll(): Promise<void> {
    await this.cluster.stop();
    // Asked to stop while it was still coming up: what comes must go again.
    const infrastructure = await this.bringingUp?.catch(() => null);
    await infrastructure?.stop();
    await this.release();
  }

  private async awaitLeaders(natsUrl: string, expected: number | null): Promise<number> {
    const requester = await ServiceRequester.open(brokerOf(natsUrl, this.env), 'metad-launcher');
    try {
      return await untilAllLed(requester, this.cluster.names, {
        prefix: this.env['METAD_SUBJECT_PREFIX'] || 'metad.v1',
        expected,
        timeoutMs: leadersMsMax,
        isStopping: () => this.cluster.isStopping,
      });
    } finally {
      await requester.close();
    }
  }

  private announce(addresses: readonly string[], partitions: number, natsUrl: string): void {
    const nodes = this.cluster.names;
    const shownUrl = maskedUrl(natsUrl);
    this.terminal.result(
      `metad ready  http=${addresses.join(',')}  nats=${shownUrl}  ` +
        `nodes=${nodes.join(',')}  partitions=${partitions}`,
    );
    const [first = 'n1'] = nodes;
    const isDefault = natsUrl === 'nats://127.0.0.1:4222';
    const assign = '--set tenantId=acme --set resourceId=db-1 --set node=node-a';
    this.terminal.result(
      [
        '',
        `Try, in another terminal${isDefault ? '' : ` (after: export NATS_URL=${shownUrl})`}:`,
        `  npx metactl cmd AssignResource -n prod ${assign}`,
        '  npx metactl list resources -n prod',
        '  npx metactl cluster status',
        `  kill -9 $(cat ${shown(this.cluster.pidFile(first))})   # a failover; it comes back`,
        `  npx metactl projection rebuild resource --node ${nodes.at(-1) ?? first}`,
        `Dashboard: ${addresses[0] ?? ''}/   Logs: ${shown(this.options.dataDir)}/<node>.log`,
        'Ctrl-C drains the nodes and leaves nothing running.',
      ].join('\n'),
    );
  }
}

/** A path as short as it can be written from here. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
