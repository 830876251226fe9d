export { tableName, keyOf, canonicalJson } from './table-shape.js';
export type { TableShape, Column, ColumnType, Cell, Row } from './table-shape.js';
export type {
  ProjectionHandler,
  ProjectionDefinition,
  FailurePolicy,
  RowSink,
  TableRows,
} from './projection-handler.js';
export { Projection, projectionOf } from './projection.decorator.js';
export type { ProjectionOptions } from './projection.decorator.js';
export { RecordProjection, RECORD_COLUMNS, recordCells } from './record-projection.js';
export { ProjectionRegistry, orderDefinitions } from './projection-registry.js';
export type { EntrySource } from './entry-source.js';
export { OrderedProcessor, defaultProcessorOptions } from './processor.js';
export type { ProcessorOptions, ProcessorPorts, ProcessorState } from './processor.js';
export { ProjectionVersion, recordKey } from './projection-version.js';
export { Watermark } from './watermark.js';
export { RowDigest } from './row-digest.js';
export { FencedError, Cursor } from './checkpoint.js';
export type { Checkpoint } from './checkpoint.js';
export { Batch } from './batch.js';
export { failureOf } from './sql-database.js';
export type {
  SqlDatabase,
  SqlSession,
  SqlResult,
  SqlFailure,
  Statement,
  TransactionOptions,
} from './sql-database.js';
export { PgDatabase, sessionOptions } from './postgres/pg-database.js';
export type { PgDatabaseOptions } from './postgres/pg-database.js';
