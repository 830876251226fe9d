/** What every record has beside its own fields. Source: contract, "Words" and "Queries". */
export interface RecordFields {
  readonly namespace: string;
  /** Unique within kind and namespace; see each kind. */
  readonly id: string;
  /** 1 at creation, +1 on every change. */
  readonly version: number;
  /** Log index of the change that granted the present ownership; absent when nobody owns it. */
  readonly fence?: number;
  /** Log times, ISO 8601. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When the time to live ends; absent when it has none. */
  readonly expiresAt?: string;
}

export type Labels = Readonly<Record<string, string>>;

/** A rule for what a filter by label compares: `{ label: 'tier=gold' }`. */
export interface LabelFilter {
  readonly label?: string;
}
