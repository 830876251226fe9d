import type { AuditEvent, AuditKind, StoredAuditEvent } from './audit-event.js';

export interface AuditQuery {
  /** Rows older than this id; null: from the newest. */
  readonly before: number | null;
  readonly limit: number;
  readonly kind: AuditKind | null;
  readonly actor: string | null;
}

/** Where audited events are kept, boundedly. */
export interface AuditStore {
  /** All or none. Rejects when they cannot be stored now. */
  append(events: readonly AuditEvent[]): Promise<void>;
  /** Newest first. */
  list(query: AuditQuery): Promise<readonly StoredAuditEvent[]>;
  close(): Promise<void>;
}

/** They can never be stored: trying again would hold up everything behind them. */
export class Unstorable extends Error {
  override readonly name = 'Unstorable';
}
