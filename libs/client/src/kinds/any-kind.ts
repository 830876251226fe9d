import type { Expectation } from '@metad/contract';

export type KindName = 'tenant' | 'resource' | 'instance' | 'shard-map' | 'routing-table';

/** One command of a batch; the batch is all or nothing and lies in one partition. */
export interface BatchEntry {
  readonly command: string;
  readonly data: object;
  readonly expect?: Expectation;
}

export interface AnyKindCommands {
  Batch: { readonly commands: readonly BatchEntry[] };
}

type Plain = Readonly<Record<string, unknown>>;

export interface AnyKindQueries {
  GetHistory: {
    params: {
      readonly kind: KindName;
      readonly id: string;
      readonly from?: string;
      readonly to?: string;
    };
    items: Plain;
  };
  GetAsOf: {
    params: { readonly kind: KindName; readonly id: string; readonly at: string };
    item: Plain;
  };
  GetCommandOutcome: {
    params: { readonly commandId: string; readonly key: string };
    item: Plain;
  };
  CountBy: { params: { readonly kind: KindName; readonly field: string }; items: Plain };
}
