import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Done, PeerAddress, PeerClient } from '../peer.js';

const CREATE = 1;
const GET_DATA = 4;
const SET_DATA = 5;
const SYNC = 9;
const PING = 11;
const CLOSE = -11;
const pingXid = -2;
const sessionMs = 30_000;
const anyVersion = -1;
const nodeExists = -110;

/** ZooKeeper's wire format: big-endian numbers, strings and buffers with four bytes of length. */
class Packet {
  private readonly parts: Buffer[] = [];
  private length = 0;

  int(value: number): this {
    const part = Buffer.allocUnsafe(4);
    part.writeInt32BE(value);
    return this.raw(part);
  }

  buffer(content: Buffer): this {
    return this.int(content.length).raw(content);
  }

  text(content: string): this {
    return this.buffer(Buffer.from(content));
  }

  raw(part: Buffer): this {
    this.parts.push(part);
    this.length += part.length;
    return this;
  }

  framed(): Buffer {
    const head = Buffer.allocUnsafe(4);
    head.writeInt32BE(this.length);
    return Buffer.concat([head, ...this.parts], this.length + 4);
  }
}

/** One session: requests are pipelined, and answered in the order in which they were sent. */
class ZookeeperSession {
  private readonly waiting = new Map<number, Done>();
  private rest: Buffer | null = null;
  private xid = 0;
  private connected: (() => void) | null = null;
  private pinger: NodeJS.Timeout | null = null;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.fail());
  }

  static open(port: number): Promise<ZookeeperSession> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      const session = new ZookeeperSession(socket);
      session.connected = () => resolve(session);
      socket.once('error', reject);
      const hello = new Packet().int(0).raw(Buffer.alloc(8)).int(sessionMs);
      socket.write(hello.raw(Buffer.alloc(8)).buffer(Buffer.alloc(16)).framed());
    });
  }

  send(type: number, body: (packet: Packet) => Packet, done: Done): void {
    if (this.socket.destroyed) return done(new Error('connection lost'));
    this.xid = (this.xid + 1) & 0x7fffffff;
    this.waiting.set(this.xid, done);
    this.write(body(new Packet().int(this.xid).int(type)).framed());
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.socket.once('close', () => resolve());
      this.socket.end(new Packet().int(0).int(CLOSE).framed());
    });
  }

  /** What is sent within one turn of the loop leaves in one system call. */
  private write(packet: Buffer): void {
    if (this.socket.writableCorked === 0) {
      this.socket.cork();
      setImmediate(() => this.socket.uncork());
    }
    this.socket.write(packet);
  }

  private receive(chunk: Buffer): void {
    const data = this.rest ? Buffer.concat([this.rest, chunk]) : chunk;
    let at = 0;
    while (data.length - at >= 4) {
      const length = data.readInt32BE(at);
      if (data.length - at < 4 + length) break;
      this.onPacket(data.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    this.rest = at < data.length ? data.subarray(at) : null;
  }

  private onPacket(packet: Buffer): void {
    if (this.connected) {
      this.connected();
      this.connected = null;
      const ping = new Packet().int(pingXid).int(PING).framed();
      this.pinger = setInterval(() => this.write(ping), sessionMs / 3);
      return;
    }
    const done = this.waiting.get(packet.readInt32BE(0));
    if (!done) return; // A ping's answer.
    this.waiting.delete(packet.readInt32BE(0));
    const code = packet.readInt32BE(12);
    done(code === 0 || code === nodeExists ? null : new Error(`ZooKeeper error ${code}`));
  }

  private fail(): void {
    if (this.pinger) clearInterval(this.pinger);
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const done of waiting) done(new Error('connection lost'));
  }
}

/** One session per server, used in turn. A get is preceded by `sync`: without it, it may be old. */
export async function connectZookeeper(address: PeerAddress): Promise<PeerClient> {
  const ports = address.endpoints.map(Number);
  const sessions = await Promise.all(ports.map((port) => ZookeeperSession.open(port)));
  const session = (record: number): ZookeeperSession =>
    sessions[record % sessions.length] as ZookeeperSession;
  const openAcl = (packet: Packet): Packet =>
    packet.int(1).int(31).text('world').text('anyone').int(0);
  return {
    insert: (record, value, done) =>
      session(record).send(
        CREATE,
        (packet) => openAcl(packet.text(`/k${record}`).text(value)),
        done,
      ),
    put: (record, value, done) =>
      session(record).send(
        SET_DATA,
        (packet) => packet.text(`/k${record}`).text(value).int(anyVersion),
        done,
      ),
    get: (record, done) => {
      session(record).send(SYNC, (packet) => packet.text(`/k${record}`), ignored);
      session(record).send(
        GET_DATA,
        (packet) => packet.text(`/k${record}`).raw(Buffer.alloc(1)),
        done,
      );
    },
    close: async () => void (await Promise.all(sessions.map((open) => open.close()))),
  };
}

/** The get behind it is answered after it, or fails with it. */
const ignored: Done = () => undefined;
