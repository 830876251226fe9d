import type { Clock } from '@metad/foundation';

type Plain = Readonly<Record<string, unknown>>;

/** Fields of a record that must be equal; `label` is `name=value` or a bare name. */
export type WatchFilter = Readonly<Record<string, string | number | boolean>>;

/** A record as it is, from a snapshot. */
export interface SnapshotMessage {
  readonly event: 'snapshot';
  readonly record: Plain;
  readonly position: string;
}

export interface SnapshotEndMessage {
  readonly event: 'snapshot-end';
  readonly position: string;
}

/** One committed event. */
export interface ChangeMessage {
  readonly event: 'change';
  readonly type: string;
  readonly data: Plain;
  readonly kind: string;
  readonly namespace: string;
  readonly id: string;
  readonly before?: Plain;
  /** Null when the record is no more. */
  readonly record: Plain | null;
  readonly position: string;
  readonly previous: string;
  /** Log time, ISO 8601. */
  readonly time: string;
  readonly commandId: string | null;
  readonly actor: string | null;
  /** Further events of the same entry follow; its position is complete with the last of them. */
  readonly more?: true;
}

/** Nothing up to here has been missed. Only with the option `progress`. */
export interface ProgressMessage {
  readonly event: 'progress';
  readonly position: string;
}

/**
 * Where this watch stood can no longer be continued: events may have been missed, and what was
 * built from it is to be dropped. A snapshot follows.
 */
export interface RestartMessage {
  readonly event: 'restart';
  readonly reason: string;
}

export type WatchMessage =
  SnapshotMessage | SnapshotEndMessage | ChangeMessage | ProgressMessage | RestartMessage;

export interface WatchOptions {
  /** `now`, `snapshot`, or a position; default `now`. */
  readonly from?: string;
  /** Also hand out `progress` messages. Default false. */
  readonly progress?: boolean;
  readonly signal?: AbortSignal;
}

/** How a watch is doing. */
export interface WatchStanding {
  /** Messages come in. */
  readonly live: boolean;
  /** Milliseconds since the last message, progress included; null before the first. */
  readonly heardMs: number | null;
  /** Everything up to here was received; empty before the first. */
  readonly position: string;
}

/** What a watch needs of the client. */
export interface WatchPorts {
  readonly clock: Clock;
  /** Subscribes to a fresh inbox. */
  subscribe(onMessage: (data: Uint8Array, reply: string) => void): WatchInbox;
  answer(reply: string): void;
  /** Sends the open request; resolves with its reply, throws MetadError. */
  open(request: object): Promise<Plain>;
  /** Sends the close request; nothing is awaited, since a watch that nobody answers ends anyway. */
  close(watchId: string): void;
  newId(): string;
  /** Waits before attempt number `attempt`. */
  backoff(attempt: number): Promise<void>;
  onRestored(listener: () => void): () => void;
  onClose(listener: () => void): () => void;
}

export interface WatchInbox {
  readonly subject: string;
  unsubscribe(): void;
}
