import { connect } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import type { Done, PeerAddress, PeerClient } from '../peer.js';
import { bytesField, grpcFrame, parseFields } from './protobuf.js';

const PUT = '/etcdserverpb.KV/Put';
const RANGE = '/etcdserverpb.KV/Range';
const STATUS = '/etcdserverpb.Maintenance/Status';

type OnMessage = (error: Error | null, body: Buffer | null) => void;

/** gRPC unary calls over one HTTP/2 session that is dialled again when it breaks. */
export class GrpcSession {
  private session: ClientHttp2Session;

  constructor(private readonly url: string) {
    this.session = this.dial();
  }

  get usable(): boolean {
    return !this.session.destroyed && !this.session.closed;
  }

  call(path: string, message: Buffer, onMessage: OnMessage): void {
    if (!this.usable) this.session = this.dial();
    const stream = this.session.request(
      {
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
      },
      { endStream: false },
    );
    let body: Buffer | null = null;
    let failure: Error | null = null;
    stream.on('data', (chunk: Buffer) => (body = body ? Buffer.concat([body, chunk]) : chunk));
    stream.on('trailers', (headers: IncomingHttpHeaders) => {
      const status = headers['grpc-status'];
      if (status !== '0') failure = new Error(`grpc-status ${String(status)}`);
    });
    stream.on('error', (error: Error) => (failure = error));
    stream.on('close', () => {
      if (!failure && !body) failure = new Error('the stream closed without an answer');
      onMessage(failure, failure ? null : body);
    });
    stream.end(message);
  }

  close(): void {
    this.session.destroy();
  }

  private dial(): ClientHttp2Session {
    const session = connect(this.url, { settings: { enablePush: false } });
    session.on('error', () => session.destroy());
    return session;
  }
}

/**
 * etcd over gRPC on `node:http2`, calls pipelined on one session per server and spread over the
 * three in turn, as etcd's own 3.4 clients do. A server that is away is passed over.
 */
export async function connectEtcd(address: PeerAddress): Promise<PeerClient> {
  const sessions = address.endpoints.map((url) => new GrpcSession(url));
  const away = new Map<GrpcSession, number>();
  let turn = 0;
  const next = (): GrpcSession => {
    for (let tries = 0; tries < sessions.length; tries += 1) {
      turn = (turn + 1) % sessions.length;
      const session = sessions[turn] as GrpcSession;
      if ((away.get(session) ?? 0) < performance.now()) return session;
    }
    return sessions[turn] as GrpcSession;
  };
  const call = (path: string, message: Buffer, done: Done): void => {
    const session = next();
    session.call(path, message, (error) => {
      if (error && !session.usable) away.set(session, performance.now() + 1_000);
      done(error);
    });
  };
  const put = (record: number, value: string, done: Done): void =>
    call(PUT, grpcFrame(bytesField(1, `bench/k${record}`), bytesField(2, value)), done);
  return {
    insert: put,
    put,
    get: (record, done) => call(RANGE, grpcFrame(bytesField(1, `bench/k${record}`)), done),
    close: async () => sessions.forEach((session) => session.close()),
  };
}

/** True when the server at `url` leads. */
export function leadsEtcd(session: GrpcSession): Promise<boolean> {
  return new Promise((resolve, reject) => {
    session.call(STATUS, grpcFrame(), (error, body) => {
      if (!body) return reject(error ?? new Error('no status'));
      const status = parseFields(body.subarray(5));
      const header = parseFields(status.get(1) as Buffer);
      resolve(status.get(4) !== 0n && status.get(4) === header.get(2));
    });
  });
}
