/** Injection tokens of what is not a class of our own. */
export const CONFIGURATION = Symbol('Configuration');
export const LOGGER = Symbol('Logger');
export const CLOCK = Symbol('Clock');
export const CONNECTION = Symbol('NatsConnection');
export const SUBJECTS = Symbol('Subjects');
export const KINDS_REGISTRY = Symbol('KindRegistry');
export const RAFT = Symbol('OpenedRaft');
/** `Tracing`, or null where it is off. */
export const TRACING = Symbol('Tracing');
export const EVENT_SOURCE = Symbol('EventSource');
