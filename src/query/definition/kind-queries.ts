import type { QueryDefinition } from './query-definition.js';

/** What can be asked about one kind: its folder's contribution to the read side. */
export interface KindQueries {
  readonly kind: string;
  readonly queries: readonly QueryDefinition[];
  /** What `CountBy` counts: rows of a view, by these columns, by the names that clients use. */
  readonly counted: {
    readonly view: string;
    readonly fields: Readonly<Record<string, string>>;
  };
}
