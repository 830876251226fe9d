import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { GroupLog } from './group-log.js';

/**
 * One of three processes of the yardstick: replicate opaque values by key, group commit with
 * fdatasync, answer when two of three have it on disk. There is no election, no term, no read,
 * no JSON and no SQL: what remains is what NATS, a file and JavaScript cost on this machine, and
 * how much of that a whole product keeps is the question it answers.
 */
const logBytes = 64 << 20;
const OK = Buffer.from('1');

interface Batch {
  readonly messages: readonly Msg[];
  copies: number;
}

class Replica {
  private readonly log: GroupLog;
  private readonly values = new Map<string, Uint8Array>();
  private readonly underWay = new Map<number, Batch>();
  private gathered: Msg[] = [];
  private gatheredBytes = 0;
  private scheduled = false;
  private lastBatch = 0;

  constructor(
    private readonly connection: NatsConnection,
    private readonly me: number,
    directory: string,
  ) {
    this.log = new GroupLog(join(directory, `ceiling-${me}.log`), logBytes);
    this.log.onIdle = () => this.schedule();
    this.on(`ceiling.propose.${me}`, (message) => this.propose(message));
    this.on(`ceiling.append.${me}`, (message) => this.onAppend(message));
    this.on(`ceiling.ack.${me}`, (message) => this.onCopy(view(message).readUInt32LE(0)));
  }

  private on(subject: string, handle: (message: Msg) => void): void {
    this.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) throw error;
        handle(message);
      },
    });
  }

  private propose(message: Msg): void {
    this.gathered.push(message);
    this.gatheredBytes += 4 + message.data.length;
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled || this.gathered.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      // A write is under way: gather until it ends, its end schedules again.
      if (!this.log.writing) this.replicate();
    });
  }

  private replicate(): void {
    this.lastBatch = (this.lastBatch + 1) >>> 0;
    const id = this.lastBatch;
    const frame = Buffer.allocUnsafe(4 + this.gatheredBytes);
    frame.writeUInt32LE(id, 0);
    let at = 4;
    for (const { data } of this.gathered) {
      frame.writeUInt32LE(data.length, at);
      frame.set(data, at + 4);
      at += 4 + data.length;
    }
    this.underWay.set(id, { messages: this.gathered, copies: 0 });
    this.gathered = [];
    this.gatheredBytes = 0;
    const reply = `ceiling.ack.${this.me}`;
    for (let peer = 0; peer < 3; peer += 1) {
      if (peer !== this.me) this.connection.publish(`ceiling.append.${peer}`, frame, { reply });
    }
    this.log.append(frame, () => this.onCopy(id));
  }

  private onAppend(message: Msg): void {
    const frame = view(message);
    this.log.append(frame, () => {
      this.connection.publish(message.reply as string, frame.subarray(0, 4));
    });
  }

  private onCopy(id: number): void {
    const batch = this.underWay.get(id);
    if (!batch) return;
    batch.copies += 1;
    if (batch.copies < 2) return;
    this.underWay.delete(id);
    for (const message of batch.messages) {
      const bytes = view(message);
      this.values.set(bytes.toString('latin1', 0, bytes.indexOf(32)), message.data);
      this.connection.publish(message.reply as string, OK);
    }
  }
}

function view({ data }: Msg): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.length);
}

async function main(): Promise<void> {
  const [, , me = '', server = '', directory = ''] = process.argv;
  const connection = await connect({ servers: server });
  new Replica(connection, Number(me), directory);
  await connection.flush();
  process.stdout.write('ready\n');
}

void main();
