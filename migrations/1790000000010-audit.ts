import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who did what on this node, and what was refused. Not a projection: it is in no log. */
export class Audit1790000000010 implements MigrationInterface {
  readonly name = 'Audit1790000000010';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [TABLE, INDEX, ...COMMENTS]) await runner.query(statement);
  }

  /** Forward only, like every migration here. */
  async down(): Promise<void> {
    throw new Error('migrations of the read model go forward only');
  }
}

const TABLE = `
CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  kind text NOT NULL CHECK (kind IN ('administration', 'command', 'access')),
  via text NOT NULL,
  actor text,
  action text NOT NULL,
  namespace text,
  command_id text,
  outcome text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}'
)`;

const INDEX = 'CREATE INDEX audit_by_kind ON audit (kind, id)';

const COMMENTS = [
  `COMMENT ON TABLE audit IS
    'Administrative acts, refused commands and refused access on this node; the oldest go first'`,
  `COMMENT ON COLUMN audit.actor IS
    'token: and certificate: were proved to this node; anything else is what the caller said'`,
  `COMMENT ON COLUMN audit.outcome IS 'done, or the code of the error'`,
];
