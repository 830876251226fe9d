export { MemoryBroker, MemoryConnection } from './memory-broker.js';
export type { Body } from './memory-broker.js';
export { ManualClock } from './manual-clock.js';
