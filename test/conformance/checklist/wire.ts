import { randomUUID } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import { CONSISTENCIES, ERRORS, EXPECTATIONS } from './contract-names.js';
import type { Ledger } from './ledger.js';

export type Fields = Readonly<Record<string, unknown>>;
/** What came back: the reply, or the `error` of an error body, already compared with its row. */
export type Answer =
  | { readonly reply: Fields; readonly error: null }
  | { readonly reply: null; readonly error: WireError };

export interface WireError {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly definite: boolean;
  readonly retryable: boolean;
  readonly details: Fields;
}

const timeoutMs = 20_000;
const ERROR_FIELDS = ['code', 'definite', 'details', 'message', 'retryable', 'status'];

/**
 * Bare NATS requests, as any client makes them. Every error that comes back is held against the
 * contract's row for its code, and everything that came back is written into the ledger.
 */
export class Wire {
  constructor(
    readonly nats: NatsConnection,
    readonly prefix: string,
    readonly ledger: Ledger,
  ) {}

  async ask(subject: string, body: Fields | string): Promise<Answer> {
    const payload = typeof body === 'string' ? body : JSON.stringify(body);
    const message = await this.nats.request(`${this.prefix}.${subject}`, payload, {
      timeout: timeoutMs,
    });
    const status = message.headers?.get('Nats-Service-Error-Code') ?? '';
    const text = message.headers?.get('Nats-Service-Error') ?? '';
    const answer = this.read(message.json<Fields>());
    const { error } = answer;
    const said = error === null ? ['', ''] : [String(error.status), error.code];
    if (status !== said[0] || text.split(':', 1)[0] !== said[1]) {
      throw new Error(`the headers say ${status} ${text}, the body ${said.join(' ')}`);
    }
    return answer;
  }

  /** Compares an error with the contract; throws where they differ. */
  read(body: Fields): Answer {
    if (body['error'] === undefined) return { reply: body, error: null };
    const error = body['error'] as WireError;
    const expected = ERRORS[error.code];
    const fields = Object.keys(error).sort().join(' ');
    const isRight =
      expected !== undefined &&
      Object.keys(body).length === 1 &&
      fields === ERROR_FIELDS.join(' ') &&
      error.status === expected.status &&
      error.retryable === expected.retryable &&
      error.definite === (error.code !== 'OUTCOME_UNKNOWN') &&
      error.message !== '' &&
      expected.details.every((name) => error.details[name] !== undefined);
    if (!isRight) throw new Error(`not what the contract says: ${JSON.stringify(body)}`);
    this.ledger.note('error', error.code);
    return { reply: null, error };
  }

  /** `data` alone, or the whole envelope of a command without its id. */
  async command(name: string, envelope: Fields & { data: Fields }, namespace = 'prod') {
    const body: Fields = { commandId: randomUUID(), ...envelope };
    const answer = await this.ask(`cmd.${namespace}.${name}`, body);
    this.noteCommand(name, body, answer);
    return answer;
  }

  /** As `command`, but the reply itself; throws when the command was refused. */
  async done(name: string, data: Fields, more: Fields = {}, namespace = 'prod'): Promise<Fields> {
    return replyOf(await this.command(name, { data, ...more }, namespace));
  }

  async query(name: string, request: Fields, namespace = 'prod'): Promise<Answer> {
    const answer = await this.ask(`query.${namespace}.${name}`, request);
    if (answer.reply !== null) this.noteQuery(name, request, answer.reply);
    return answer;
  }

  /** The items of a list, page by page, each of at most `limit`. */
  async list(name: string, params: Fields, namespace: string, more: Fields): Promise<Fields[]> {
    const items: Fields[] = [];
    let cursor: unknown;
    do {
      const page = { params, ...more, ...(cursor !== undefined && { cursor }) };
      const reply = replyOf(await this.query(name, page, namespace));
      items.push(...(reply['items'] as Fields[]));
      ({ cursor } = reply);
    } while (cursor !== undefined);
    return items;
  }

  async admin(node: string, act: string, body: Fields = {}): Promise<Fields> {
    const reply = replyOf(await this.ask(`admin.${node}.${act}`, body));
    this.ledger.note('admin', act);
    return reply;
  }

  private noteCommand(name: string, body: Fields, { reply }: Answer): void {
    const { ledger } = this;
    if (reply === null) return;
    ledger.note('command', name);
    ledger.note(`command ${name}`, ...Object.keys(body['data'] as Fields));
    ledger.note('command field', ...Object.keys(body));
    ledger.note('outcome', String(reply['outcome']));
    ledger.note('meta', ...Object.keys(body['meta'] ?? {}));
    const expected = Object.keys(body['expect'] ?? {});
    const known: readonly string[] = EXPECTATIONS;
    ledger.note('expect', ...expected.map((each) => (known.includes(each) ? each : 'named field')));
  }

  private noteQuery(name: string, request: Fields, reply: Fields): void {
    const { ledger } = this;
    const params = (request['params'] ?? {}) as Fields;
    const shape = SHAPES[name] ?? (Array.isArray(reply['items']) ? 'list' : 'look-up');
    mustBeReply(name, reply);
    ledger.note('query', name);
    ledger.note(`query ${name}`, ...Object.keys(params));
    const absent = OPTIONAL.filter((each) => params[each] === undefined);
    ledger.note(`query ${name} without`, ...absent);
    ledger.note('query field', ...Object.keys(request));
    const consistency = CONSISTENCIES.find((each) => each === request['consistency']);
    if (consistency !== undefined) ledger.note(`a ${shape} as`, consistency);
  }
}

const SHAPES: Readonly<Record<string, string>> = { GetAsOf: 'row', GetCommandOutcome: 'outcome' };
const OPTIONAL = [
  ...['cell', 'node', 'tier', 'label', 'tenantId', 'owner', 'kind', 'zone', 'tag'],
  ...['host', 'path', 'headers', 'from', 'to'],
];

/** `{ "items"|"item", "position", "lagMs", "cursor"? }`, and nothing else. */
function mustBeReply(name: string, reply: Fields): void {
  const { item, items, position, lagMs, cursor, ...others } = reply;
  const isRight =
    (item === undefined) !== (items === undefined) &&
    /^m1\.[^.]+\.\d+\.\d+(,m1\.[^.]+\.\d+\.\d+)*$/.test(String(position)) &&
    typeof lagMs === 'number' &&
    (cursor === undefined || (typeof cursor === 'string' && items !== undefined)) &&
    Object.keys(others).length === 0;
  if (!isRight)
    throw new Error(`${name} is not answered as it should be: ${JSON.stringify(reply)}`);
}

export function replyOf(answer: Answer): Fields {
  if (answer.error === null) return answer.reply;
  throw new Error(`${answer.error.code}: ${answer.error.message}`);
}
