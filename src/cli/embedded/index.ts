export { startBroker, EmbeddedBroker } from './broker/broker.js';
export type { BrokerOptions, Link } from './broker/broker.js';
export type { Delivery, Verdict } from './broker/link-faults.js';
export { startPostgres } from './postgres/postgres.js';
export type { PostgresOptions, RunningPostgres } from './postgres/postgres.js';
