import { connect } from '@nats-io/transport-node';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { parsePosition } from '@metad/contract';
import type { ErrorBody, RecordBody } from '@metad/contract';
import type { RecordInput, RecordOutput } from '../check/record-model.js';
import { internalFault } from './history.js';
import type { Performed } from './history.js';
import { KINDS, namespace, subjects } from './subject.js';
import type { Subject } from './subject.js';

/** Outcomes decided in the log; every other definite error was given at the door. */
const DECIDED = new Set([
  'VERSION_CONFLICT',
  'PRECONDITION_FAILED',
  'ALREADY_OWNED',
  'RULE_VIOLATED',
  'NOT_FOUND',
]);

/** What one attempt showed. */
export type Attempt =
  | { readonly kind: 'answer'; readonly output: RecordOutput; readonly index: number | null }
  /** Surely never in the log. */
  | { readonly kind: 'refusedAtTheDoor'; readonly code: string }
  | { readonly kind: 'lost'; readonly code: string };

/** By which door an operation enters. */
export type Door = 'leader' | 'anyNode';

/** A client of one broker, speaking the public contract by hand. */
export class WorkloadClient {
  private constructor(private readonly connection: NatsConnection) {}

  static async connect(url: string, name: string): Promise<WorkloadClient> {
    const connection = await connect({
      servers: url,
      name,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 200,
      ignoreClusterUpdates: true,
    });
    return new WorkloadClient(connection);
  }

  async attempt(
    subject: Subject,
    input: RecordInput,
    door: Door,
    timeoutMs: number,
  ): Promise<Attempt> {
    const { to, body } =
      input.kind === 'read' ? readOf(subject, door) : sendOf(subject, input, door);
    let message: Msg;
    try {
      message = await this.connection.request(to, JSON.stringify(body), { timeout: timeoutMs });
    } catch (error) {
      return withoutAnswer(error);
    }
    return understand(message, subject, input);
  }

  async close(): Promise<void> {
    await this.connection.close();
  }
}

function withoutAnswer(error: unknown): Attempt {
  const name = error instanceof Error ? `${error.name} ${error.message}` : String(error);
  // Nobody listened on the subject: the broker itself says so, the request went nowhere.
  if (/no responders/i.test(name)) return { kind: 'refusedAtTheDoor', code: 'no responders' };
  return { kind: 'lost', code: 'timeout' };
}

function readOf({ kind, names, partition }: Subject, door: Door): { to: string; body: object } {
  const query = KINDS[kind].query ?? '';
  const body = { params: names, consistency: 'linearizable' };
  if (door === 'anyNode') return { to: subjects.query(namespace, query), body };
  return { to: subjects.leaderQuery(partition), body: { ...body, namespace, query } };
}

function sendOf(
  { partition }: Subject,
  { commandId, command, data, expect }: Extract<RecordInput, { kind: 'command' }>,
  door: Door,
): { to: string; body: object } {
  const body = { commandId, data, ...(expect ? { expect } : {}) };
  if (door === 'anyNode') return { to: subjects.command(namespace, command), body };
  return { to: subjects.leaderCommand(partition), body: { ...body, namespace, command } };
}

function understand(message: Msg, subject: Subject, input: RecordInput): Attempt {
  const body = JSON.parse(message.string()) as Partial<ErrorBody> & Record<string, unknown>;
  if (body.error) return refusal(body.error, input);
  if (input.kind === 'read') {
    const record = (body['item'] ?? null) as RecordBody | null;
    return { kind: 'answer', output: { kind: 'read', record: seen(record, subject) }, index: null };
  }
  const outcome = body['outcome'] as 'applied' | 'noop' | 'duplicate';
  const output: RecordOutput = {
    kind: 'accepted',
    outcome,
    version: Number(body['version']),
    fence: typeof body['fence'] === 'number' ? body['fence'] : null,
  };
  return { kind: 'answer', output, index: indexOf(body['position']) };
}

function refusal(error: ErrorBody['error'], input: RecordInput): Attempt {
  const { code, definite, details, message } = error;
  if (message.startsWith(internalFault)) return { kind: 'lost', code: internalFault };
  if (!definite) return { kind: 'lost', code };
  if (input.kind === 'read' && code === 'NOT_FOUND') {
    return { kind: 'answer', output: { kind: 'read', record: null }, index: null };
  }
  if (input.kind === 'read' || !DECIDED.has(code)) return { kind: 'refusedAtTheDoor', code };
  const index = indexOf(details['position']);
  return { kind: 'answer', output: { kind: 'refused', code }, index };
}

function indexOf(position: unknown): number | null {
  return typeof position === 'string' ? (parsePosition(position)[0]?.index ?? null) : null;
}

function seen(record: RecordBody | null, { kind }: Subject) {
  if (record === null) return null;
  const fields = KINDS[kind].fields.filter((name) => record[name] !== undefined);
  const value = Object.fromEntries(fields.map((name) => [name, record[name]]));
  const fence = typeof record['fence'] === 'number' ? record['fence'] : null;
  return { value, version: record.version, fence };
}

/** Puts attempts together: only if all were turned away at the door did nothing happen. */
export function statusOf(attempts: readonly Attempt[]): Performed['status'] {
  const last = attempts[attempts.length - 1];
  if (last?.kind === 'answer') return 'answered';
  return attempts.every(({ kind }) => kind === 'refusedAtTheDoor') ? 'failed' : 'unknown';
}
