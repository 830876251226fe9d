import { randomBytes } from 'node:crypto';
import type { Subjects } from '@metad/contract';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { EndpointStatistics } from './endpoint-statistics.js';
import { isAnswerable } from './inbound.js';
import type { Pattern } from './nats-server.strategy.js';

export interface DiscoveryFacts {
  readonly node: string;
  readonly cluster: string;
  readonly version: string;
  readonly startedAt: string;
}

const NAME = 'metad';
const QUEUE = 'metad';
const nanosPerMs = 1_000_000;
const typeOf = (kind: string): string => `io.nats.micro.v1.${kind}_response`;

/**
 * NATS' own discovery of services (ADR-32): answers `$SRV.PING`, `$SRV.INFO` and `$SRV.STATS`, to
 * everybody, by the service's name, and by this instance's id, so that `nats micro ls` finds the
 * nodes. By hand, since the subjects are served by the strategy and not by the services library;
 * the tests hold these answers against that library's client and service.
 */
export class ServiceDiscovery {
  readonly id = randomBytes(11).toString('hex').toUpperCase();
  private subscriptions: Subscription[] = [];

  constructor(
    private readonly connection: NatsConnection,
    private readonly subjects: Subjects,
    private readonly facts: DiscoveryFacts,
    private readonly statistics: ReadonlyMap<Pattern, EndpointStatistics>,
    private readonly inboxPrefix: string | null = null,
  ) {}

  start(): void {
    const subjects = ['$SRV.*', `$SRV.*.${NAME}`, `$SRV.*.${NAME}.${this.id}`];
    this.subscriptions = subjects.map((subject) =>
      this.connection.subscribe(subject, {
        callback: (error, message) => {
          if (!error) this.onRequest(message);
        },
      }),
    );
  }

  stop(): void {
    if (this.connection.isClosed()) return;
    for (const subscription of this.subscriptions) subscription.unsubscribe();
  }

  private onRequest({ subject, reply }: Msg): void {
    if (reply === undefined || !isAnswerable(reply, this.inboxPrefix)) return;
    const answer = this.answerTo(subject.split('.')[1] ?? '');
    if (answer !== null) this.connection.publish(reply, JSON.stringify(answer));
  }

  private answerTo(verb: string): object | null {
    if (verb === 'PING') return { ...this.identity(), type: typeOf('ping') };
    if (verb === 'INFO') return { ...this.identity(), ...this.info(), type: typeOf('info') };
    if (verb === 'STATS') return { ...this.identity(), ...this.stats(), type: typeOf('stats') };
    return null;
  }

  private identity(): object {
    const { node, cluster, version } = this.facts;
    return { name: NAME, id: this.id, version, metadata: { node, cluster } };
  }

  private info(): object {
    const description = 'Control-plane metadata, replicated by Raft';
    return { description, endpoints: this.endpoints().map((one) => ({ ...one, metadata: {} })) };
  }

  private stats(): object {
    const endpoints = this.endpoints().map((endpoint) => {
      const counted = this.statistics.get(endpoint.name.replace('-', '.') as Pattern);
      const { requests = 0, errors = 0, lastError = '', totalMs = 0 } = counted ?? {};
      const nanos = Math.round(totalMs * nanosPerMs);
      return {
        ...endpoint,
        num_requests: requests,
        num_errors: errors,
        ...(lastError !== '' && { last_error: lastError }),
        processing_time: nanos,
        average_processing_time: requests === 0 ? 0 : Math.round(nanos / requests),
      };
    });
    return { started: this.facts.startedAt, endpoints };
  }

  /**
   * The subjects of partitions that this node leads come and go, so they are named by pattern.
   * Names hold no dots (ADR-32), where patterns do.
   */
  private endpoints() {
    const { commands, queries, watches, prefix } = this.subjects;
    const shared = { queue_group: QUEUE };
    return [
      { name: 'command', subject: commands, ...shared },
      { name: 'query', subject: queries, ...shared },
      { name: 'watch', subject: watches, ...shared },
      { name: 'admin', subject: this.subjects.adminOf('_any'), ...shared },
      { name: 'leader-command', subject: `${prefix}.p.*.cmd`, ...shared },
      { name: 'leader-query', subject: `${prefix}.p.*.query`, ...shared },
    ];
  }
}
