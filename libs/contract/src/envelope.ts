/** Who asks and why: kept with the command in the log and in history. */
export interface CommandMeta {
  readonly actor?: string;
  readonly reason?: string;
  readonly correlationId?: string;
  readonly causationId?: string;
}

/**
 * A precondition, decided when the command is applied. Named fields compare with the record's
 * value.
 */
export type Expectation =
  | { readonly version: number }
  | { readonly absent: true }
  | { readonly exists: true }
  | Readonly<Record<string, unknown>>;

/** A command request. On a leader's own subject `namespace` and `command` are in the body. */
export interface CommandRequest<Data = Record<string, unknown>> {
  readonly commandId: string;
  readonly data: Data;
  readonly expect?: Expectation;
  /** ISO 8601. A command applied after it (in log time) is rejected. */
  readonly deadline?: string;
  readonly meta?: CommandMeta;
  readonly dryRun?: boolean;
  readonly namespace?: string;
  readonly command?: string;
}

export interface EventBody {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The answer to an accepted command. */
export interface CommandReply {
  readonly outcome: 'applied' | 'noop' | 'duplicate';
  readonly version: number;
  readonly fence?: number;
  readonly position: string;
  /**
   * Of a duplicate whose first outcome is kept in brief: `events` and `record` are not known, and
   * their being empty says nothing. Read the record.
   */
  readonly brief?: true;
  readonly events: readonly EventBody[];
  readonly record: RecordBody | null;
}

/** A record as clients see it: its value's fields beside the ones every record has. */
export type RecordBody = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  readonly namespace: string;
  readonly id: string;
  readonly version: number;
};

export type Consistency = 'linearizable' | 'session' | 'bounded' | 'any';

export interface QueryRequest {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly consistency?: Consistency;
  readonly position?: string;
  readonly maxLagMs?: number;
  readonly limit?: number;
  readonly cursor?: string;
  readonly namespace?: string;
  readonly query?: string;
}

export interface QueryReply {
  readonly items?: readonly Record<string, unknown>[];
  readonly item?: Record<string, unknown> | null;
  readonly position: string;
  readonly lagMs: number;
  readonly cursor?: string;
}
