/** A nominal type over a primitive: a Term is not a LogIndex although both are integers. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name };

/** Raft term: a positive integer that only grows; 0 before the first election. */
export type Term = Brand<number, 'Term'>;
/** Position in one partition's log, from 1; 0 means "before the first entry". */
export type LogIndex = Brand<number, 'LogIndex'>;
/** Raft group number: 0 is the system partition, user partitions start at 1. */
export type PartitionId = Brand<number, 'PartitionId'>;
/** Name of a running process, unique in its cluster, one NATS subject token. */
export type NodeName = Brand<string, 'NodeName'>;
/** Log time: milliseconds since the epoch, stamped by leaders, strictly monotone per partition. */
export type LogTime = Brand<number, 'LogTime'>;

export const term = (value: number): Term => value as Term;
export const logIndex = (value: number): LogIndex => value as LogIndex;
export const partitionId = (value: number): PartitionId => value as PartitionId;
export const nodeName = (value: string): NodeName => value as NodeName;
export const logTime = (value: number): LogTime => value as LogTime;
