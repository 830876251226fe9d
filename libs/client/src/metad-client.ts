import { ALL_NAMESPACES, MetadError, type CommandReply, type QueryReply } from '@metad/contract';
import type { Call } from './call/call.js';
import type { ClientStatistics } from './call/call-statistics.js';
import { SessionPositions } from './call/session-positions.js';
import { uuidV7 } from './call/uuid-v7.js';
import { ClientCore } from './client-core.js';
import type { ClientOptions, CommandOptions, QueryOptions } from './client-options.js';
import type { KindRecords } from './kinds/catalog.js';
import type { BatchEntry } from './kinds/any-kind.js';
import type { AnswerOf, DataOf, ItemOf, ParamsOf } from './kinds/catalog.js';
import { commandPoint, queryPoint } from './routing/record-point.js';
import { openConnection, type OpenOptions } from './wire/open-connection.js';
import { RecordCache, type CacheOptions } from './watch/record-cache.js';
import { Watch } from './watch/watch.js';
import type { WatchFilter, WatchOptions } from './watch/watch-types.js';
import { watchPorts } from './watch/watch-wire.js';
import type { WireConnection } from './wire/wire-connection.js';

const timeoutMsDefault = 10_000;
type Fields = Readonly<Record<string, unknown>>;

/**
 * Commands and queries for one namespace. Every command is safe to repeat and is repeated here
 * until it has an answer: all attempts carry the same `commandId`. Positions of writes are carried
 * into later `session` queries, so that a caller reads what it wrote on whichever node answers.
 */
export class MetadClient {
  private constructor(
    private readonly core: ClientCore,
    readonly namespace: string,
    private readonly session: SessionPositions,
    private readonly closeConnection: () => Promise<void>,
  ) {}

  /** Opens a connection of its own, closed by `close()`. */
  static async connect(options: ClientOptions & OpenOptions): Promise<MetadClient> {
    const connection = await openConnection(options);
    const core = await ClientCore.start(connection, options);
    const close = (): Promise<void> => connection.close();
    return new MetadClient(core, options.namespace, new SessionPositions(), close);
  }

  /** Works over a connection that the caller owns and closes. */
  static async over(connection: WireConnection, options: ClientOptions): Promise<MetadClient> {
    const core = await ClientCore.start(connection, options);
    return new MetadClient(core, options.namespace, new SessionPositions(), async () => {});
  }

  /** The same client, session included, in another namespace; `_all` reads across namespaces. */
  in(namespace: string): MetadClient {
    return new MetadClient(this.core, namespace, this.session, this.closeConnection);
  }

  /** The same client with a session of its own: one per end user, say. */
  newSession(): MetadClient {
    return new MetadClient(this.core, this.namespace, new SessionPositions(), this.closeConnection);
  }

  /** Throws MetadError; only OUTCOME_UNKNOWN leaves open whether the command took effect. */
  async command<Name extends string>(
    name: Name,
    data: DataOf<Name>,
    options: CommandOptions = {},
  ): Promise<CommandReply> {
    const reply = await this.core.caller.run(this.commandCall(name, data as Fields, options));
    const { position } = reply;
    // A dry run wrote nothing that this session could fall behind.
    const wrote = options.dryRun !== true && typeof position === 'string' && position !== '';
    if (wrote) this.session.note(position);
    return reply as unknown as CommandReply;
  }

  /** All or nothing. The commands' records lie in one partition, else CROSS_PARTITION. */
  batch(commands: readonly BatchEntry[], options: CommandOptions = {}): Promise<CommandReply> {
    return this.command('Batch', { commands }, options);
  }

  /** Throws MetadError. */
  async query<Name extends string>(
    name: Name,
    params: ParamsOf<Name>,
    options: QueryOptions = {},
  ): Promise<AnswerOf<Name>> {
    const call = this.queryCall(name, params as Fields, options);
    try {
      const reply = (await this.core.caller.run(call)) as unknown as QueryReply;
      if (this.core.options.monotonicReads === true) this.session.note(reply.position);
      return reply as AnswerOf<Name>;
    } catch (error) {
      // What this session's positions belong to is gone. The caller learns it once; of a position
      // that it gave itself it says nothing about the session's.
      if (isOfHistory(error) && options.position === undefined) {
        this.session.forget(error.details['incarnation']);
      }
      throw error;
    }
  }

  /** As `query`, for look-ups: null where there is no such record. */
  async find<Name extends string>(
    name: Name,
    params: ParamsOf<Name>,
    options: QueryOptions = {},
  ): Promise<AnswerOf<Name> | null> {
    try {
      return await this.query(name, params, options);
    } catch (error) {
      if (error instanceof MetadError && error.code === 'NOT_FOUND') return null;
      throw error;
    }
  }

  /** All items of a list query, page by page as they are asked for. */
  async *each<Name extends string>(
    name: Name,
    params: ParamsOf<Name>,
    options: Omit<QueryOptions, 'cursor'> = {},
  ): AsyncGenerator<ItemOf<Name>, void, void> {
    let cursor: string | undefined;
    do {
      const page = (await this.query(name, params, {
        ...options,
        ...(cursor !== undefined && { cursor }),
      })) as QueryReply;
      yield* (page.items ?? []) as readonly ItemOf<Name>[];
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /** Committed events of this namespace, and records if asked for, as an endless sequence. */
  watch(filter: WatchFilter = {}, options: WatchOptions = {}): Watch {
    return new Watch(watchPorts(this.core, this.namespace), filter, options);
  }

  /**
   * A watched copy of one kind, usable while the cluster is away. Await `ready()` before relying
   * on what is not in it.
   */
  cache<Name extends keyof KindRecords>(
    kind: Name,
    options: CacheOptions<KindRecords[Name]> = {},
  ): RecordCache<KindRecords[Name]> {
    const filter = { ...options.filter, kind };
    const watch = this.watch(filter, { from: 'snapshot' });
    return new RecordCache(this.namespace, watch, filter, options);
  }

  /** What this client's session must not fall behind; undefined before its first write. */
  position(): string | undefined {
    return this.session.position(null);
  }

  /** Takes up a position that was handed over, say by the service that made the write. */
  continueFrom(position: string): void {
    this.session.continueFrom(position);
  }

  statistics(): ClientStatistics {
    return this.core.statistics();
  }

  /** Ends what is under way (its outcome is unknown) and the connection, if it is this client's. */
  async close(): Promise<void> {
    this.core.close();
    await this.closeConnection();
  }

  private commandCall(name: string, data: Fields, options: CommandOptions): Call {
    const { core, namespace } = this;
    const { expect, deadline, dryRun } = options;
    const commandId = options.commandId ?? uuidV7(core.clock.now());
    const { actor } = core.options;
    const meta = actor === undefined ? options.meta : { actor, ...options.meta };
    const body = {
      commandId,
      namespace,
      command: name,
      data,
      ...(expect !== undefined && { expect }),
      ...(deadline !== undefined && { deadline: deadline.toISOString() }),
      ...(meta !== undefined && { meta }),
      ...(dryRun !== undefined && { dryRun }),
    };
    return {
      kind: 'command',
      namespace,
      name,
      payload: JSON.stringify(body),
      subject: core.subjects.command(namespace, name),
      point: this.routed() ? commandPoint(namespace, name, data) : null,
      timeoutMs: options.timeoutMs ?? core.options.timeoutMs ?? timeoutMsDefault,
      signal: options.signal,
    };
  }

  private queryCall(name: string, params: Fields, options: QueryOptions): Call {
    const { core, namespace } = this;
    const { maxLagMs, limit, cursor, consistency } = options;
    const point = this.routed() ? queryPoint(namespace, name, params) : null;
    const position = options.position ?? this.sessionPosition(consistency);
    const body = {
      namespace,
      query: name,
      params,
      ...(consistency !== undefined && { consistency }),
      ...(position !== undefined && { position }),
      ...(maxLagMs !== undefined && { maxLagMs }),
      ...(limit !== undefined && { limit }),
      ...(cursor !== undefined && { cursor }),
    };
    return {
      kind: 'query',
      namespace,
      name,
      payload: JSON.stringify(body),
      subject: core.subjects.query(namespace, name),
      // Only a linearizable look-up gains from asking the leader; the others spread over all nodes.
      point: consistency === 'linearizable' ? point : null,
      timeoutMs: options.timeoutMs ?? core.options.timeoutMs ?? timeoutMsDefault,
      signal: options.signal,
      isOfLaggard: (error) =>
        isOfHistory(error) && this.session.hasLeft(error.details['incarnation']),
    };
  }

  private sessionPosition(consistency: QueryOptions['consistency']): string | undefined {
    const bySession = consistency === undefined || consistency === 'session';
    return bySession ? this.session.position(null) : undefined;
  }

  private routed(): boolean {
    return this.core.options.routing !== 'any' && this.namespace !== ALL_NAMESPACES;
  }
}

const isOfHistory = (error: unknown): error is MetadError =>
  error instanceof MetadError && error.code === 'INCARNATION_CHANGED';
