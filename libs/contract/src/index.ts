export { ERROR_CODES, MetadError } from './errors.js';
export type { ErrorCode, ErrorBody, FieldFault } from './errors.js';
export type {
  CommandRequest,
  CommandReply,
  CommandMeta,
  Expectation,
  EventBody,
  RecordBody,
  QueryRequest,
  QueryReply,
  Consistency,
} from './envelope.js';
export { formatPosition, formatPositions, parsePosition } from './position.js';
export type { PositionPart } from './position.js';
export { subjectsUnder, subjectToken, NAME_TOKEN, ALL_NAMESPACES } from './subjects.js';
export type { Subjects } from './subjects.js';
export { LIMITS } from './limits.js';
