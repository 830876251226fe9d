export { MemoryLog } from './memory-log.js';
export { ReplicaGroup, confOf, perform, replicaOptions } from './replica-group.js';
export type { GroupMember } from './replica-group.js';
export { runScript, purposeOf } from './interaction/script.js';
export { SimulatedDisk, PowerLoss } from './simulated-disk.js';
export type { SimulatedDiskOptions } from './simulated-disk.js';
