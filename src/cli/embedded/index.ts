export { startBroker, EmbeddedBroker } from './broker/broker.js';
export type { BrokerOptions, Link } from './broker/broker.js';
export type { Delivery, Verdict } from './broker/link-faults.js';
