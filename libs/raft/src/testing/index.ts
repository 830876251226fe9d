export { MemoryLog } from './memory-log.js';
export { ReplicaGroup, confOf, perform, replicaOptions } from './replica-group.js';
export type { GroupMember } from './replica-group.js';
