/**
 * What the harness compares: a replicated (or at least durable) store of small values by key.
 * A peer has two sides: its servers, started by the harness, and a client inside a load process.
 */
export type PeerName = 'metad' | 'etcd' | 'zookeeper' | 'jetstream' | 'postgres' | 'ceiling';

/** Where a load process finds a peer; plain data, it crosses a process boundary. */
export interface PeerAddress {
  readonly peer: PeerName;
  /** Loopback ports or URLs, as the peer's client wants them. */
  readonly endpoints: readonly string[];
  readonly settings?: Readonly<Record<string, number>>;
  readonly client?: ClientKind;
}

/**
 * `lean`: hand-packed messages, callbacks, as little of the client's own cost as possible, to see
 * what the servers can do. `library`: the package that a Node service would use.
 */
export type ClientKind = 'lean' | 'library';

/** Exactly once per call; an error means "not acknowledged". */
export type Done = (error: Error | null) => void;

/** Callbacks, not promises: the client's own cost is part of what is measured. */
export interface PeerClient {
  /** Makes a record that may not exist yet. */
  insert(record: number, value: string, done: Done): void;
  put(record: number, value: string, done: Done): void;
  /** The strongest read the peer offers; see `guarantees`. */
  get(record: number, done: Done): void;
  close(): Promise<void>;
}

export interface PeerServers {
  readonly name: PeerName;
  readonly address: PeerAddress;
  readonly version: string;
  /** What an acknowledged put and a get promise, in one sentence each. */
  readonly guarantees: { readonly put: string; readonly get: string };
  /** Root processes, for their CPU and memory. */
  readonly pids: () => readonly number[];
  /** The same by part, where a peer has parts worth telling apart. */
  readonly groups?: () => Readonly<Record<string, readonly number[]>>;
  stop(): Promise<void>;
}

export interface PeerOptions {
  /** An empty directory on the file system that all peers share. */
  readonly directory: string;
}
