import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `wait_for` with its time-out in milliseconds, as everything else here counts time. An integer has
 * no other reading. A text has: beside a second overload PostgreSQL no longer knows which one
 * `wait_for('m1…', '5 seconds')` means, nor a parameter that a driver sends without a type, and
 * then takes one for text.
 */
export class WaitMilliseconds1790000000011 implements MigrationInterface {
  readonly name = 'WaitMilliseconds1790000000011';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [BY_MILLISECONDS, BY_TEXT]) await runner.query(statement);
  }

  /** Forward only, like every migration here. */
  async down(): Promise<void> {
    throw new Error('migrations of the read model go forward only');
  }
}

const BY_MILLISECONDS = `
CREATE FUNCTION wait_for(pos text, timeout_ms bigint) RETURNS boolean
LANGUAGE sql VOLATILE STRICT AS $$
  SELECT wait_for(pos, timeout_ms * interval '1 millisecond')
$$;
ALTER FUNCTION wait_for(text, bigint) SET search_path FROM CURRENT;
COMMENT ON FUNCTION wait_for(text, bigint) IS
  'wait_for with its time-out in milliseconds'`;

const BY_TEXT = `
CREATE FUNCTION wait_for(pos text, timeout text) RETURNS boolean
LANGUAGE sql VOLATILE STRICT AS $$
  SELECT wait_for(pos, CASE
    WHEN timeout ~ '^\\s*-?[0-9]+\\s*$' THEN timeout::bigint * interval '1 millisecond'
    ELSE timeout::interval END)
$$;
ALTER FUNCTION wait_for(text, text) SET search_path FROM CURRENT;
COMMENT ON FUNCTION wait_for(text, text) IS
  'wait_for with an interval as text, 5 seconds, or with milliseconds, 5000'`;
