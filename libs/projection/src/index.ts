export { tableName, keyOf, canonicalJson } from './table/table-shape.js';
export type { TableShape, Column, ColumnType, Cell, Row } from './table/table-shape.js';
export type {
  ProjectionHandler,
  ProjectionDefinition,
  EventClass,
  FailurePolicy,
  RowSink,
  TableRows,
} from './handler/projection-handler.js';
export { Projection, projectionOf } from './handler/projection.decorator.js';
export type { ProjectionOptions } from './handler/projection.decorator.js';
export { RecordProjection, RECORD_COLUMNS, recordCells } from './handler/record-projection.js';
export { ProjectionRegistry, orderDefinitions } from './handler/projection-registry.js';
export type { EntrySource } from './processor/entry-source.js';
export { OrderedProcessor } from './processor/processor.js';
export type { ProcessorPorts, ProcessorState } from './processor/processor.js';
export { defaultProcessorOptions } from './processor/processor-options.js';
export type { ProcessorOptions } from './processor/processor-options.js';
export { ProjectionVersion, recordKey } from './processor/projection-version.js';
export type { Fault } from './processor/projection-version.js';
export { backOffDelay, describe as describeFailure } from './processor/delivery.js';
export { Watermark } from './processor/watermark.js';
export { RowDigest } from './table/row-digest.js';
export { FencedError, Cursor } from './checkpoint/checkpoint.js';
export type { Checkpoint } from './checkpoint/checkpoint.js';
export { Batch } from './processor/batch.js';
export { failureOf, sqlStateOf } from './postgres/sql-database.js';
export type {
  SqlDatabase,
  SqlSession,
  SqlResult,
  SqlFailure,
  Statement,
  TransactionOptions,
} from './postgres/sql-database.js';
export { PgDatabase, sessionOptions, silenceLimits } from './postgres/pg-database.js';
export { QueryConnection } from './postgres/query-connection.js';
export type { PgDatabaseOptions } from './postgres/pg-database.js';
export { RebuildRun, VerificationFailed } from './rebuild/rebuild-run.js';
export type {
  RebuildPorts,
  RebuildSource,
  RebuildOptions,
  RebuildProgress,
  RebuildReport,
} from './rebuild/rebuild-run.js';
export { Pace, RunCancelled, RunSuspended } from './rebuild/pace.js';
export { verifyVersion } from './rebuild/verification.js';
export type {
  VerificationPorts,
  VerificationReport,
  RecordSource,
  RecordsAt,
  PartitionFinding,
  KeyDifference,
} from './rebuild/verification.js';
export { cataloguedVersions, createVersion, dropVersion } from './rebuild/version-catalog.js';
export type { CataloguedVersion, VersionState } from './rebuild/version-catalog.js';
export { DeadLetters } from './dead-letter/dead-letters.js';
export type { StoredLetter, LetterState } from './dead-letter/dead-letters.js';
export { upsertStatement } from './table/statements.js';
export { binaryArray } from './postgres/binary-array.js';
export type { ElementType } from './postgres/binary-array.js';
