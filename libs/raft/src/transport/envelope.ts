import { nodeName } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import { ByteReader, DecodeError } from '../codec/index.js';
import { FrameSeal, SEAL_BYTES } from './frame-seal.js';
import type { Refusal } from './refusals.js';

/**
 * What stands around the content of a frame on the wire:
 *
 *     magic u16 · version u8 · flags u8 · counter f64 · answered counter f64
 *     cluster · incarnation · sender · receiver   (each: length u8, bytes)
 *     content
 *     seal, 32 bytes, over all of the above       (only if flagged)
 *
 * The counter rises by one with every request of a sender to a receiver. An answer repeats the
 * counter of its request, so an answer cannot be played again, nor given to another question.
 */
const MAGIC = 0x444d; // 'MD' in little-endian order.
const VERSION = 1;
const FLAG_SEALED = 1;
const FLAG_ANSWER = 2;
/** An answer without content: the counter was refused, those above `counter` will be accepted. */
const FLAG_COUNTER_REFUSED = 4;
const COUNTER_AT = 4;
const ANSWERED_AT = 12;
const FIXED_BYTES = 20;
const NAME_BYTES_MAX = 64;

/** The most that an envelope adds to its content. */
export const ENVELOPE_BYTES_MAX = FIXED_BYTES + 4 * (NAME_BYTES_MAX + 1) + SEAL_BYTES;

export interface EnvelopeOptions {
  readonly cluster: string;
  readonly self: NodeName;
  /** Of the cluster's history; '' while it is not known, which matches any. */
  readonly incarnation: () => string;
  /** Who may send; from anybody else it is refused. */
  readonly isMember: (node: NodeName) => boolean;
  readonly secrets: readonly string[];
}

export type EnvelopeKind = 'request' | 'answer' | 'counterRefused';

export interface Opened {
  readonly kind: EnvelopeKind;
  readonly from: NodeName;
  readonly counter: number;
  readonly answered: number;
  /** A view into the frame. */
  readonly content: Uint8Array;
}

/** Puts content into envelopes and takes it out, or says why it refuses. */
export class Envelopes {
  readonly seal: FrameSeal;
  private readonly headers = new Map<NodeName, { readonly incarnation: string; names: Buffer }>();
  private readonly reader = new ByteReader(new Uint8Array(0));

  constructor(private readonly options: EnvelopeOptions) {
    this.seal = new FrameSeal(options.secrets);
    for (const name of [options.cluster, options.self]) checkName(name);
  }

  /** A frame that the caller owns. */
  wrap(
    to: NodeName,
    kind: EnvelopeKind,
    counter: number,
    answered: number,
    content: Uint8Array,
  ): Uint8Array {
    const names = this.namesFor(to);
    const contentAt = FIXED_BYTES + names.length;
    const sealAt = contentAt + content.length;
    const frame = Buffer.allocUnsafe(sealAt + (this.seal.isOn ? SEAL_BYTES : 0));
    frame.writeUInt16LE(MAGIC, 0);
    frame[2] = VERSION;
    frame[3] = flagsOf(kind) | (this.seal.isOn ? FLAG_SEALED : 0);
    frame.writeDoubleLE(counter, COUNTER_AT);
    frame.writeDoubleLE(answered, ANSWERED_AT);
    frame.set(names, FIXED_BYTES);
    frame.set(content, contentAt);
    if (this.seal.isOn) frame.set(this.seal.of(frame.subarray(0, sealAt)), sealAt);
    return frame;
  }

  /** The same sealed frame under another counter. */
  renew(frame: Uint8Array, counter: number): Uint8Array {
    const renewed = Buffer.from(frame);
    renewed.writeDoubleLE(counter, COUNTER_AT);
    const sealAt = renewed.length - SEAL_BYTES;
    renewed.set(this.seal.of(renewed.subarray(0, sealAt)), sealAt);
    return renewed;
  }

  open(frame: Uint8Array): Opened | Refusal {
    if (frame.length < FIXED_BYTES) return 'malformed';
    const view = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
    if (view.readUInt16LE(0) !== MAGIC) return 'malformed';
    if (view[2] !== VERSION) return 'version';
    const flags = view[3] ?? 0;
    const sealed = (flags & FLAG_SEALED) !== 0;
    if (this.seal.isOn && !sealed) return 'signature';
    const end = sealed ? frame.length - SEAL_BYTES : frame.length;
    if (end < FIXED_BYTES) return 'malformed';
    const from = this.openNames(frame, end);
    if (from.refusal !== null) return from.refusal;
    if (this.seal.isOn && !this.seal.matches(frame.subarray(0, end), frame.subarray(end))) {
      return 'signature';
    }
    return {
      kind: kindOf(flags),
      from: from.sender,
      counter: view.readDoubleLE(COUNTER_AT),
      answered: view.readDoubleLE(ANSWERED_AT),
      content: frame.subarray(from.contentAt, end),
    };
  }

  private openNames(
    frame: Uint8Array,
    end: number,
  ): { refusal: Refusal | null; sender: NodeName; contentAt: number } {
    const { reader, options } = this;
    let refusal: Refusal | null = null;
    let sender = options.self;
    try {
      reader.reset(frame, FIXED_BYTES, end);
      const cluster = readName(reader);
      const incarnation = readName(reader);
      sender = nodeName(readName(reader));
      const receiver = readName(reader);
      const own = options.incarnation();
      if (cluster !== options.cluster) refusal = 'cluster';
      else if (receiver !== options.self) refusal = 'receiver';
      else if (!options.isMember(sender)) refusal = 'sender';
      else if (own !== '' && incarnation !== '' && own !== incarnation) refusal = 'incarnation';
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      refusal = 'malformed';
    }
    return { refusal, sender, contentAt: reader.offset };
  }

  /** The names in front of everything sent to one node, encoded once. */
  private namesFor(to: NodeName): Buffer {
    const incarnation = this.options.incarnation();
    const known = this.headers.get(to);
    if (known?.incarnation === incarnation) return known.names;
    const { cluster, self } = this.options;
    for (const name of [incarnation, to]) checkName(name);
    const parts = [cluster, incarnation, self, to].map((name) => Buffer.from(name, 'utf8'));
    const names = Buffer.concat(parts.flatMap((part) => [Buffer.from([part.length]), part]));
    this.headers.set(to, { incarnation, names });
    return names;
  }
}

function checkName(name: string): void {
  if (Buffer.byteLength(name) > NAME_BYTES_MAX) throw new Error(`name too long: ${name}`);
}

/** A name's length takes one byte, which is also what a varint below 128 is. */
const readName = (reader: ByteReader): string => reader.string();

function flagsOf(kind: EnvelopeKind): number {
  if (kind === 'request') return 0;
  return kind === 'answer' ? FLAG_ANSWER : FLAG_ANSWER | FLAG_COUNTER_REFUSED;
}

function kindOf(flags: number): EnvelopeKind {
  if ((flags & FLAG_ANSWER) === 0) return 'request';
  return (flags & FLAG_COUNTER_REFUSED) === 0 ? 'answer' : 'counterRefused';
}
