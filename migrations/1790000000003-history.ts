import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Every change of every record, only ever added to. What a change was valid until is the beginning
 * of the record's next change, which the view looks up: no row is ever written twice.
 */
export class History1790000000003 implements MigrationInterface {
  readonly name = 'History1790000000003';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [TABLE, ...VIEW]) await runner.query(statement);
    for (const [column, text] of Object.entries(COMMENTS)) {
      if (!/^valid_to/.test(column)) {
        await runner.query(`COMMENT ON COLUMN history_v1.${column} IS '${text}'`);
      }
      await runner.query(`COMMENT ON COLUMN history.${column} IS '${text}'`);
    }
  }

  /** Forward only: a projection is rebuilt from the log, never migrated back. */
  async down(): Promise<void> {
    throw new Error('migrations of the read model go forward only');
  }
}

const TABLE = `
CREATE TABLE history_v1 (
  kind text COLLATE "C" NOT NULL,
  namespace text COLLATE "C" NOT NULL,
  record_id text COLLATE "C" NOT NULL,
  record_key text COLLATE "C" NOT NULL,
  valid_from_index bigint NOT NULL,
  step integer NOT NULL,
  valid_from timestamptz NOT NULL,
  type text NOT NULL,
  version bigint,
  fence bigint,
  created_at timestamptz,
  data jsonb NOT NULL,
  record jsonb,
  command text,
  command_id text,
  actor text,
  reason text,
  partition integer NOT NULL,
  PRIMARY KEY (kind, namespace, record_id, record_key, partition, valid_from_index, step)
);
CREATE INDEX ON history_v1 (command_id) WHERE command_id IS NOT NULL;
CREATE INDEX ON history_v1 (partition, valid_from_index)`;

const VIEW = [
  `CREATE VIEW history AS
    SELECT h.*,
      lead(valid_from_index) OVER record AS valid_to_index,
      lead(valid_from) OVER record AS valid_to
    FROM history_v1 h
    WINDOW record AS (PARTITION BY kind, namespace, record_id, record_key
                      ORDER BY valid_from, valid_from_index, step)`,
  `COMMENT ON TABLE history_v1 IS 'Every change of every record, with its cause'`,
  `COMMENT ON VIEW history IS 'Every change of every record, its cause, and how long it was valid'`,
  `INSERT INTO projection_version (projection, version, state, source, activated_at)
    VALUES ('history', 1, 'live', 'log', clock_timestamp())`,
];

const COMMENTS = {
  kind: 'Kind of the record',
  record_id: 'Id that clients use for the record within kind and namespace',
  record_key: 'Key of the record within kind and namespace',
  valid_from_index: 'Log index of the change',
  valid_from: 'Log time of the change',
  valid_to_index: 'Log index of the next change of the record; null for the present one',
  valid_to: 'Log time of the next change of the record; null for the present one',
  step: 'Place among the changes of one entry',
  type: 'Name of the event',
  version: 'Version of the record after the change; null when it is gone',
  fence: 'Log index of the change that granted the ownership in force',
  created_at: 'Log time at which the record was created',
  data: 'The event',
  record: 'The value of the record after the change; null when it is gone',
  command: 'Command that caused the change; null for what the cluster did by itself',
  actor: 'Who asked',
  reason: 'Why',
};
