import {
  formatIsoTime,
  jsonText,
  type AppliedEntry,
  type RecordChange,
} from '@metad/eventsourcing';
import { outgoingParts } from '../app/nats/outgoing-text.js';
import type { RecordParts } from '../decide/index.js';
import type { WatchedRecords } from './watch-ports.js';

/** The parts of a record that is no more. */
const NOTHING: RecordParts = ['null', '', ''];

/** A message as it was sent last: watchers with equal filters get the same bytes. */
interface SentMessage {
  readonly previous: number;
  readonly more: boolean;
  readonly bytes: Uint8Array;
}

/**
 * A change as clients see it: made when the first of them needs it, once, however many there are.
 * Most changes of a node that does not lead are needed by nobody.
 */
export class ChangeText {
  sent: SentMessage | null = null;
  private knownId: string | null = null;
  private encoded: Buffer | null = null;

  constructor(
    private readonly entry: AppliedEntry,
    readonly change: RecordChange,
    readonly position: string,
    private readonly records: Pick<WatchedRecords, 'idOf' | 'bodyText' | 'bodyParts'>,
  ) {}

  /** The record's id, as clients see it. */
  get id(): string {
    const { kind, key } = this.change;
    this.knownId ??= this.records.idOf(kind, key);
    return this.knownId;
  }

  /** The whole message of somebody who does not ask for a chain. */
  get bytes(): Buffer {
    this.encoded ??= Buffer.from(this.parts(true).join(''));
    return this.encoded;
  }

  /** What it costs to keep: grows as messages are made from it. */
  get bytesHeld(): number {
    return (this.encoded?.length ?? 0) + (this.sent?.bytes.length ?? 0);
  }

  /** For plain subscribers: without `before`, which costs as much as all the rest. */
  get plainBytes(): Buffer {
    return outgoingParts(this.parts(false));
  }

  /** The message with more fields: `chain` is ASCII, from the comma before the first to the end. */
  continuedBy(chain: string): Buffer {
    const { bytes } = this;
    const open = bytes.length - 1; // Without the closing brace.
    const message = Buffer.allocUnsafe(open + chain.length);
    bytes.copy(message, 0, 0, open);
    message.write(chain, open, 'latin1');
    return message;
  }

  /** Kinds, namespaces and types are names that need no escapes; all else is the client's. */
  private parts(withBefore: boolean): string[] {
    const { entry, change, records } = this;
    const { type, data, kind, namespace, before, after } = change;
    const named = `"kind":"${kind}","namespace":"${namespace}","id":${JSON.stringify(this.id)}`;
    const what = jsonText(data);
    // First what follows from the event: it shares the text of its data.
    const [head, fields, tail] = after === null ? NOTHING : records.bodyParts(after);
    const was = withBefore && before !== null ? `,"before":${records.bodyText(before)}` : '';
    const actor = entry.actor === null ? 'null' : JSON.stringify(entry.actor);
    const commandId = entry.commandId === null ? 'null' : `"${entry.commandId}"`;
    const when = `"position":"${this.position}","time":"${formatIsoTime(entry.time)}"`;
    const whose = `"commandId":${commandId},"actor":${actor}`;
    return [
      `{"event":"change",${named},"type":"${type}","data":`,
      what,
      `${was},"record":${head}`,
      fields,
      `${tail},${when},${whose}}`,
    ];
  }
}
