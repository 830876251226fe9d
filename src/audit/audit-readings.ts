import type { Reading } from '../app/telemetry/metrics.js';
import type { AuditLog } from './audit-log.js';

/** How much is audited, and whether any of it was lost. */
export function auditReadings(audit: AuditLog): Reading[] {
  const byKind = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([kind, count]) => [{ kind }, count] as const);
  return [
    {
      kind: 'counter',
      name: 'metad_audit_events_total',
      help: 'Administrative acts, refused commands and refused access seen by this node.',
      labels: ['kind'],
      read: () => byKind(audit.counts),
    },
    {
      kind: 'counter',
      name: 'metad_audit_dropped_events_total',
      help: 'Audited events lost because the store was away or too slow for them.',
      labels: ['kind'],
      read: () => byKind(audit.drops),
    },
    {
      kind: 'gauge',
      name: 'metad_audit_waiting_events',
      help: 'Audited events that are not stored yet.',
      read: () => [[{}, audit.waiting]],
    },
  ];
}
