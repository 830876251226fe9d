import { logIndex, term } from '@metad/foundation';
import type { LogIndex, NodeName, Term } from '@metad/foundation';
import {
  readEntries,
  readSnapshotMeta,
  writeEntries,
  writeSnapshotMeta,
} from '../../codec/index.js';
import type { ByteReader, ByteWriter } from '../../codec/index.js';
import type { Message, MessageKind, MessageOf } from '../../core/index.js';

/**
 * Messages between replicas as bytes. Sender and receiver are not written: the transport vouches
 * for both ends of the whole frame. Numbers are varints, so most messages are a dozen bytes.
 */

/** Where a message came from and goes to, known from the frame. */
export interface Ends {
  readonly from: NodeName;
  readonly to: NodeName;
}

interface Codec<K extends MessageKind> {
  readonly code: number;
  write(writer: ByteWriter, message: MessageOf<K>): void;
  read(reader: ByteReader, ends: Ends, messageTerm: Term): MessageOf<K>;
}

const readIndexOf = (reader: ByteReader): LogIndex => logIndex(reader.varint());
const readTerm = (reader: ByteReader): Term => term(reader.varint());
const readFlag = (reader: ByteReader): boolean => reader.u8() === 1;
const writeFlag = (writer: ByteWriter, flag: boolean): void => writer.u8(flag ? 1 : 0);

type Candidacy = MessageOf<'vote' | 'preVote'>;

function writeCandidacy(writer: ByteWriter, message: Candidacy): void {
  writer.varint(message.lastIndex);
  writer.varint(message.lastTerm);
  writeFlag(writer, message.transfer);
}

function readCandidacy(reader: ByteReader, { from, to }: Ends, messageTerm: Term) {
  const lastIndex = readIndexOf(reader);
  const lastTerm = readTerm(reader);
  return { from, to, term: messageTerm, lastIndex, lastTerm, transfer: readFlag(reader) };
}

const vote: Codec<'vote'> = {
  code: 1,
  write: writeCandidacy,
  read: (reader, ends, at) => ({ kind: 'vote', ...readCandidacy(reader, ends, at) }),
};

const voteResponse: Codec<'voteResponse'> = {
  code: 2,
  write: (writer, message) => writeFlag(writer, message.granted),
  read: (reader, { from, to }, messageTerm) => ({
    kind: 'voteResponse',
    from,
    to,
    term: messageTerm,
    granted: readFlag(reader),
  }),
};

const preVote: Codec<'preVote'> = {
  code: 3,
  write: writeCandidacy,
  read: (reader, ends, at) => ({ kind: 'preVote', ...readCandidacy(reader, ends, at) }),
};

const preVoteResponse: Codec<'preVoteResponse'> = {
  code: 4,
  write: (writer, message) => writeFlag(writer, message.granted),
  read: (reader, { from, to }, messageTerm) => ({
    kind: 'preVoteResponse',
    from,
    to,
    term: messageTerm,
    granted: readFlag(reader),
  }),
};

const append: Codec<'append'> = {
  code: 5,
  write: (writer, message) => {
    writer.varint(message.prevIndex);
    writer.varint(message.prevTerm);
    writer.varint(message.commit);
    writeEntries(writer, message.entries);
  },
  read: (reader, { from, to }, messageTerm) => {
    const prevIndex = readIndexOf(reader);
    const prevTerm = readTerm(reader);
    const commit = readIndexOf(reader);
    const entries = readEntries(reader);
    return { kind: 'append', from, to, term: messageTerm, prevIndex, prevTerm, commit, entries };
  },
};

const appendResponse: Codec<'appendResponse'> = {
  code: 6,
  write: (writer, message) => {
    writer.varint(message.index);
    writeFlag(writer, message.rejected);
    if (!message.rejected) return;
    writer.varint(message.hintIndex);
    writer.varint(message.hintTerm);
  },
  read: (reader, { from, to }, messageTerm) => {
    const index = readIndexOf(reader);
    const rejected = readFlag(reader);
    const hintIndex = rejected ? readIndexOf(reader) : logIndex(0);
    const hintTerm = rejected ? readTerm(reader) : term(0);
    const kind = 'appendResponse';
    return { kind, from, to, term: messageTerm, index, rejected, hintIndex, hintTerm };
  },
};

const heartbeat: Codec<'heartbeat'> = {
  code: 7,
  write: (writer, message) => {
    writer.varint(message.commit);
    writer.varint(message.readRound);
  },
  read: (reader, { from, to }, messageTerm) => {
    const commit = readIndexOf(reader);
    return { kind: 'heartbeat', from, to, term: messageTerm, commit, readRound: reader.varint() };
  },
};

const heartbeatResponse: Codec<'heartbeatResponse'> = {
  code: 8,
  write: (writer, message) => writer.varint(message.readRound),
  read: (reader, { from, to }, messageTerm) => ({
    kind: 'heartbeatResponse',
    from,
    to,
    term: messageTerm,
    readRound: reader.varint(),
  }),
};

const installSnapshot: Codec<'installSnapshot'> = {
  code: 9,
  write: (writer, message) => writeSnapshotMeta(writer, message.snapshot),
  read: (reader, { from, to }, messageTerm) => ({
    kind: 'installSnapshot',
    from,
    to,
    term: messageTerm,
    snapshot: readSnapshotMeta(reader),
  }),
};

const readIndex: Codec<'readIndex'> = {
  code: 10,
  write: (writer, message) => writer.varint(message.context),
  read: (reader, { from, to }, messageTerm) => ({
    kind: 'readIndex',
    from,
    to,
    term: messageTerm,
    context: reader.varint(),
  }),
};

const readIndexResponse: Codec<'readIndexResponse'> = {
  code: 11,
  write: (writer, message) => {
    writer.varint(message.context);
    writer.varint(message.index);
  },
  read: (reader, { from, to }, messageTerm) => {
    const context = reader.varint();
    const index = readIndexOf(reader);
    return { kind: 'readIndexResponse', from, to, term: messageTerm, context, index };
  },
};

const timeoutNow: Codec<'timeoutNow'> = {
  code: 12,
  write: () => {},
  read: (_reader, { from, to }, messageTerm) => ({
    kind: 'timeoutNow',
    from,
    to,
    term: messageTerm,
  }),
};

const commit: Codec<'commit'> = {
  code: 13,
  write: (writer, message) => writer.varint(message.commit),
  read: (reader, { from, to }, messageTerm) => ({
    kind: 'commit',
    from,
    to,
    term: messageTerm,
    commit: readIndexOf(reader),
  }),
};

/** Total over the kinds of message: a new kind does not compile until it has a codec. */
const CODECS: { readonly [K in MessageKind]: Codec<K> } = {
  vote,
  voteResponse,
  preVote,
  preVoteResponse,
  append,
  appendResponse,
  commit,
  heartbeat,
  heartbeatResponse,
  installSnapshot,
  readIndex,
  readIndexResponse,
  timeoutNow,
};

const BY_CODE: (Codec<MessageKind> | undefined)[] = [];
for (const codec of Object.values(CODECS)) BY_CODE[codec.code] = codec as Codec<MessageKind>;

/** Writes kind, term and fields. */
export function writeMessage(writer: ByteWriter, message: Message): void {
  const codec = CODECS[message.kind] as Codec<MessageKind>;
  writer.u8(codec.code);
  writer.varint(message.term);
  codec.write(writer, message);
}

/** Reads what `writeMessage` wrote. Throws `DecodeError` on an unknown kind or a short frame. */
export function readMessage(reader: ByteReader, ends: Ends): Message {
  const codec = BY_CODE[reader.u8()] ?? reader.fail('an unknown kind of message');
  const messageTerm = term(reader.varint());
  return codec.read(reader, ends, messageTerm);
}
