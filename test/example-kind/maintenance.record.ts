/** A node that is under maintenance until somebody ends it or its time is over. Key: `<node>`. */
export interface MaintenanceValue extends Readonly<Record<string, unknown>> {
  readonly node: string;
  readonly reason: string;
  readonly ttlMs: number;
}

export const MAINTENANCE = 'maintenance';
