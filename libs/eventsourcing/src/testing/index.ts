export { scenarioOf } from './scenario.js';
export type { Circumstances } from './scenario.js';
export { deepFreeze } from './deep-freeze.js';
