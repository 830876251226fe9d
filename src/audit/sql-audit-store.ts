import { failureOf, type SqlDatabase } from '@metad/projection';
import type { AuditEvent, StoredAuditEvent } from './audit-event.js';
import { Unstorable, type AuditQuery, type AuditStore } from './audit-store.js';

const INSERT = `
INSERT INTO audit (at, kind, via, actor, action, namespace, command_id, outcome, details)
SELECT to_timestamp(e.at / 1000.0), e.kind, e.via, e.actor, e.action, e.namespace,
  e."commandId", e.outcome, e.details
FROM jsonb_to_recordset($1::jsonb) AS e(at double precision, kind text, via text, actor text,
  action text, namespace text, "commandId" text, outcome text, details jsonb)`;

const LIST = `
SELECT id::float8 AS id, extract(epoch FROM at)::float8 * 1000 AS at, kind, via, actor, action,
  namespace, command_id AS "commandId", outcome, details
FROM audit
WHERE ($1::bigint IS NULL OR id < $1) AND ($2::text IS NULL OR kind = $2)
  AND ($3::text IS NULL OR actor = $3)
ORDER BY id DESC LIMIT $4`;

/** Everything of one kind below the newest `$1` rows of it. */
const TRIM = `
DELETE FROM audit USING (
  SELECT kind, (SELECT id FROM audit a WHERE a.kind = k.kind ORDER BY id DESC OFFSET $1 LIMIT 1)
    AS last
  FROM (VALUES ('administration'), ('command'), ('access')) AS k(kind)
) old
WHERE audit.kind = old.kind AND audit.id <= old.last`;

/** The table `audit` in the node's schema: at most `rowsMax` rows of each kind, and a tenth. */
export class SqlAuditStore implements AuditStore {
  /** Rows that came since the table was last trimmed; trimmed at the first append. */
  private untrimmed = Number.POSITIVE_INFINITY;

  constructor(
    private readonly database: SqlDatabase,
    private readonly rowsMax: number,
  ) {}

  /** Durably: unlike the rows of projections, the log does not bring these again. */
  async append(events: readonly AuditEvent[]): Promise<void> {
    const insert = { text: INSERT, values: [JSON.stringify(events)] };
    try {
      await this.database.transaction((session) => session.run(insert), { durable: true });
    } catch (error) {
      throw failureOf(error) === 'badData' ? new Unstorable((error as Error).message) : error;
    }
    this.untrimmed += events.length;
    if (this.untrimmed >= this.rowsMax / 10) await this.trim();
  }

  /** The rows are stored already: a failure here waits for the next append, and is no failure. */
  private async trim(): Promise<void> {
    await this.database.run({ text: TRIM, values: [this.rowsMax] }).then(
      () => (this.untrimmed = 0),
      () => undefined,
    );
  }

  async list({ before, limit, kind, actor }: AuditQuery): Promise<readonly StoredAuditEvent[]> {
    const values = [before, kind, actor, limit];
    const { rows } = await this.database.run<StoredAuditEvent>({ text: LIST, values });
    return rows.map((row) => ({ ...row, at: Math.round(row.at) }));
  }

  close(): Promise<void> {
    return this.database.close();
  }
}
