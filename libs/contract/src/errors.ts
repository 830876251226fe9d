/** Every error a client can see, and what it may conclude. Source: docs/reference/errors.md. */
export const ERROR_CODES = {
  INVALID_ARGUMENT: { status: 400, retryable: false },
  UNAUTHENTICATED: { status: 401, retryable: false },
  FORBIDDEN: { status: 403, retryable: false },
  NOT_FOUND: { status: 404, retryable: false },
  UNKNOWN_COMMAND: { status: 404, retryable: false },
  UNKNOWN_QUERY: { status: 404, retryable: false },
  VERSION_CONFLICT: { status: 409, retryable: false },
  PRECONDITION_FAILED: { status: 409, retryable: false },
  ALREADY_OWNED: { status: 409, retryable: false },
  COMMAND_ID_REUSED: { status: 409, retryable: false },
  CROSS_PARTITION: { status: 409, retryable: false },
  POSITION_COMPACTED: { status: 410, retryable: false },
  INCARNATION_CHANGED: { status: 410, retryable: false },
  TOO_LARGE: { status: 413, retryable: false },
  RULE_VIOLATED: { status: 422, retryable: false },
  POSITION_NOT_REACHED: { status: 425, retryable: true },
  RATE_LIMITED: { status: 429, retryable: true },
  QUOTA_EXCEEDED: { status: 429, retryable: true },
  NO_LEADER: { status: 503, retryable: true },
  NOT_LEADER: { status: 503, retryable: true },
  PARTITION_MOVED: { status: 503, retryable: true },
  OVERLOADED: { status: 503, retryable: true },
  RESTORING: { status: 503, retryable: true },
  STORAGE_FULL: { status: 503, retryable: true },
  OUTCOME_UNKNOWN: { status: 504, retryable: true },
  DEADLINE_EXCEEDED: { status: 504, retryable: false },
} as const satisfies Record<string, { status: number; retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The body of an error reply. */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly status: number;
    readonly message: string;
    /** True: the command surely did not take effect. Only OUTCOME_UNKNOWN is not definite. */
    readonly definite: boolean;
    readonly retryable: boolean;
    readonly details: Readonly<Record<string, unknown>>;
  };
}

/** An error that a client may see. `message` says what to do next. */
export class MetadError extends Error {
  override readonly name = 'MetadError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  get definite(): boolean {
    return this.code !== 'OUTCOME_UNKNOWN';
  }

  toBody(): ErrorBody {
    const { status, retryable } = ERROR_CODES[this.code];
    const { code, message, definite, details } = this;
    return { error: { code, status, message, definite, retryable, details } };
  }
}

/** One fault of an INVALID_ARGUMENT, in `details.faults`. */
export interface FieldFault {
  /** Path from the request's root, `data.tenantId`. */
  readonly field: string;
  readonly reason: string;
}
