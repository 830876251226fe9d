/** What every record has beside its own fields. Source: contract, "Words" and "Queries". */
export interface RecordFields {
  readonly namespace: string;
  /** Unique within kind and namespace; see each kind. */
  readonly id: string;
  /** 1 at creation, +1 on every change. */
  readonly version: number;
}

export type Labels = Readonly<Record<string, string>>;

/** A rule for what a filter by label compares: `{ label: 'tier=gold' }`. */
export interface LabelFilter {
  readonly label?: string;
}
