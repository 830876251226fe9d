import type { MessageKind, MessageOf } from '../message.js';
import type { RaftState } from '../state/raft-state.js';

/** Handles one kind of message in one role: mutates `raft`, touches nothing else. */
export type Handler<K extends MessageKind> = (raft: RaftState, message: MessageOf<K>) => void;

/** One role's answer to every kind of message: a missing case does not compile. */
export type HandlerRow = { readonly [K in MessageKind]: Handler<K> };

/** The message means nothing in this role: an answer that comes too late, or was never asked. */
export const ignore = (): void => undefined;
