import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What every projection needs besides its own tables: which version of it is in use, how far each
 * version has come, jobs, dead letters, and `wait_for`.
 */
export class Bookkeeping1790000000001 implements MigrationInterface {
  readonly name = 'Bookkeeping1790000000001';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [VERSIONS, CHECKPOINTS, JOBS, LETTERS, ...COMMENTS, WAIT_FOR]) {
      await runner.query(statement);
    }
  }

  /** Forward only: a projection is rebuilt from the log, never migrated back. */
  async down(): Promise<void> {
    throw new Error('migrations of the read model go forward only');
  }
}

const VERSIONS = `
CREATE TABLE projection_version (
  projection text NOT NULL,
  version integer NOT NULL,
  state text NOT NULL CHECK (state IN ('building', 'live', 'previous')),
  source text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  activated_at timestamptz,
  PRIMARY KEY (projection, version)
);
CREATE UNIQUE INDEX projection_version_live ON projection_version (projection)
  WHERE state = 'live'`;

const CHECKPOINTS = `
CREATE TABLE projection_checkpoint (
  projection text NOT NULL,
  version integer NOT NULL,
  partition integer NOT NULL,
  incarnation text NOT NULL,
  index bigint NOT NULL DEFAULT 0,
  term bigint NOT NULL DEFAULT 0,
  log_time bigint NOT NULL DEFAULT 0,
  digest text NOT NULL DEFAULT '0000000000000000',
  row_count bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (projection, version, partition)
) WITH (fillfactor = 50);
CREATE VIEW checkpoint AS
  SELECT c.projection, c.version, c.partition, c.index, c.term, c.incarnation,
    to_timestamp(c.log_time / 1000.0) AS log_time, c.digest, c.row_count, c.updated_at,
    format('m1.%s.%s.%s', c.incarnation, c.partition, c.index) AS position
  FROM projection_checkpoint c JOIN projection_version v USING (projection, version)
  WHERE v.state = 'live'`;

const JOBS = `
CREATE TABLE projection_job (
  job_id text PRIMARY KEY,
  kind text NOT NULL,
  projection text NOT NULL,
  version integer,
  state text NOT NULL
    CHECK (state IN ('running', 'paused', 'ready', 'done', 'failed', 'cancelled')),
  options jsonb NOT NULL DEFAULT '{}',
  done bigint NOT NULL DEFAULT 0,
  total bigint NOT NULL DEFAULT 0,
  rate double precision NOT NULL DEFAULT 0,
  remaining_ms bigint,
  reason text,
  report jsonb,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz
);
CREATE INDEX projection_job_by_time ON projection_job (created_at DESC)`;

const LETTERS = `
CREATE TABLE projection_dead_letter (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  projection text NOT NULL,
  version integer NOT NULL,
  partition integer NOT NULL,
  index bigint NOT NULL,
  kind text NOT NULL,
  namespace text NOT NULL,
  record_key text NOT NULL,
  entry jsonb NOT NULL,
  change jsonb NOT NULL,
  reason text NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'retried', 'skipped')),
  decided_by text,
  decided_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX projection_dead_letter_waiting
  ON projection_dead_letter (projection, version, kind, namespace, record_key, id)
  WHERE state = 'waiting'`;

const COMMENTS = [
  `COMMENT ON TABLE projection_version IS
    'Versions of each projection; the views show the one that is live'`,
  `COMMENT ON TABLE projection_checkpoint IS
    'How far each version has absorbed each partition; moves in the transaction of its rows'`,
  `COMMENT ON COLUMN projection_checkpoint.index IS 'Log index of the last absorbed entry'`,
  `COMMENT ON COLUMN projection_checkpoint.log_time IS
    'Log time of that entry, ms since the epoch'`,
  `COMMENT ON COLUMN projection_checkpoint.digest IS
    'Order-independent digest of the partition''s rows at that index'`,
  `COMMENT ON VIEW checkpoint IS 'How far the live tables stand, per projection and partition'`,
  `COMMENT ON COLUMN checkpoint.position IS 'The checkpoint as a position, as in replies'`,
  `COMMENT ON TABLE projection_job IS 'Rebuilds and verifications with their progress and reports'`,
  `COMMENT ON TABLE projection_dead_letter IS
    'Changes that a handler refused, in order per record; later ones of the record wait behind'`,
];

const WAIT_FOR = `
CREATE FUNCTION wait_for(pos text, timeout interval DEFAULT '5 seconds') RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  started timestamptz := clock_timestamp();
  behind integer;
  other integer;
BEGIN
  IF EXISTS (SELECT FROM unnest(string_to_array(pos, ',')) p
             WHERE p !~ '^m1\\.[A-Za-z0-9]{1,32}\\.[0-9]{1,10}\\.[0-9]{1,16}$') THEN
    RAISE EXCEPTION 'a position has the form m1.<incarnation>.<partition>.<index>'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  LOOP
    -- Each statement of a volatile function sees what was committed before it, unless the caller's
    -- transaction is REPEATABLE READ: there, rows that are not visible yet never become so.
    SELECT count(*) FILTER (WHERE c.incarnation <> w.incarnation),
           count(*) FILTER (WHERE c.index IS NULL OR c.index < w.index)
      INTO other, behind
      FROM (SELECT split_part(p, '.', 2) AS incarnation, split_part(p, '.', 3)::bigint AS partition,
                   split_part(p, '.', 4)::bigint AS index
            FROM unnest(string_to_array(pos, ',')) p) w
      LEFT JOIN checkpoint c ON c.partition = w.partition;
    IF other > 0 THEN
      RAISE EXCEPTION 'the position is of another incarnation of the cluster'
        USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF behind = 0 THEN RETURN true; END IF;
    IF clock_timestamp() >= started + timeout THEN RETURN false; END IF;
    PERFORM pg_sleep(0.01);
  END LOOP;
END $$;
ALTER FUNCTION wait_for(text, interval) SET search_path FROM CURRENT;
COMMENT ON FUNCTION wait_for(text, interval) IS
  'Waits until the live tables hold all up to the position: true, or false at the time-out'`;
