/** One configuration of the consensus benchmark. */
export interface Plan {
  readonly partitions: number;
  /** Proposals without an outcome, over all nodes. */
  readonly outstanding: number;
  readonly seconds: number;
  /** `none`: the log write is replaced by nothing, which shows what durability costs. */
  readonly log: 'file' | 'none';
  readonly payloadBytes: number;
  readonly brokerUrl: string;
  readonly directory: string;
}

/** What a node process is told. */
export type Order =
  | { readonly do: 'lead' }
  | { readonly do: 'load'; readonly outstanding: number }
  | { readonly do: 'report' }
  /** Collect garbage, and say how many bytes are left. */
  | { readonly do: 'weigh' }
  /** Write to every partition as soon as this node leads it, and say when that succeeded. */
  | { readonly do: 'takeOver' }
  | { readonly do: 'quit' };

/** A partition took a write again, at this wall clock time in milliseconds. */
export interface Recovered {
  readonly recovered: number;
  readonly at: number;
}

/** What it answers. */
export interface NodeReport {
  readonly commits: number;
  /** Microseconds, a sample. */
  readonly latencies: readonly number[];
  readonly leaders: number;
  readonly quiet: number;
  readonly rounds: number;
  readonly entriesPerRound: number;
  readonly writeMs: number;
  readonly framesSent: number;
  readonly framesReceived: number;
  readonly bytesSent: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly seconds: number;
  readonly unsettled: number;
}
