/** What can be done to a running cluster. Nodes and brokers are numbered from 0. */
export type Fault =
  /** SIGKILL, and a new start on the same data after the fault's time. */
  | { readonly kind: 'kill'; readonly nodes: readonly number[] }
  /** SIGKILL of all nodes after taking back whatever they wrote and did not fsync. */
  | { readonly kind: 'power-loss' }
  /** SIGSTOP, and SIGCONT afterwards. */
  | { readonly kind: 'pause'; readonly nodes: readonly number[] }
  | { readonly kind: 'restart-broker'; readonly broker: number }
  /** The routes between two sides of the brokers. */
  | { readonly kind: 'split'; readonly manner: LinkManner; readonly side: readonly number[] }
  | { readonly kind: 'restart-database' }
  | { readonly kind: 'fill-disk' }
  | { readonly kind: 'step-clock'; readonly node: number; readonly offsetMs: number };

export type FaultKind = Fault['kind'];

/**
 * How a link misbehaves. TCP delivers or does not, it never loses a byte in between: what a lossy
 * network does to a route is that it stalls, comes late, or breaks.
 */
export type LinkManner =
  /** Bytes wait, and arrive when the fault is over. */
  | 'stall'
  /** The same in one direction only: towards the side. */
  | 'one-way'
  | 'delay'
  /** Connections break and are refused. */
  | 'reset'
  /** Connections break now and then. */
  | 'flaky';

export const LINK_MANNERS: readonly LinkManner[] = ['stall', 'one-way', 'delay', 'reset', 'flaky'];

export interface PlannedFault {
  /** Milliseconds from the beginning of the run. */
  readonly at: number;
  readonly lasts: number;
  readonly fault: Fault;
}

export function describeFault({ at, lasts, fault }: PlannedFault): string {
  const { kind, ...details } = fault;
  const more = Object.entries(details).map(([name, value]) => `${name}=${String(value)}`);
  return [`+${(at / 1000).toFixed(1)}s`, kind, ...more, `for ${(lasts / 1000).toFixed(1)}s`].join(
    ' ',
  );
}
