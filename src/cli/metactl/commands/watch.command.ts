import { randomUUID } from 'node:crypto';
import { Command, Option } from 'nest-commander';
import { NAME_TOKEN, subjectsUnder } from '@metad/contract';
import { UsageError } from '../exit-code.js';
import { parseAssignments } from '../input/assignments.js';
import { cellText } from '../output/table.js';
import type { Session, SessionOptions } from '../session/session.js';
import { MetactlCommand, collect } from './metactl-command.js';
import { kindView } from './read/kinds.js';

interface WatchOptions extends SessionOptions {
  readonly namespace: string;
  readonly kind?: string;
  readonly id?: string;
  readonly where?: string[];
  readonly from?: string;
}

type WatchEvent = Readonly<Record<string, unknown>>;

/** `progress` comes at least every 5 s: after this much silence the watch is opened anew. */
const silenceMs = 15_000;
const openTimeoutMs = 10_000;

/** `metactl watch -n prod --kind resource --from snapshot`: prints until Ctrl-C. */
@Command({ name: 'watch', description: 'print changes as they are committed' })
export class WatchCommand extends MetactlCommand<WatchOptions> {
  protected async execute(
    session: Session,
    _args: readonly string[],
    options: WatchOptions,
  ): Promise<void> {
    const live = new LiveWatch(session, options);
    await new Promise<void>((resolve, reject) => {
      process.once('SIGINT', resolve);
      process.once('SIGTERM', resolve);
      live.run().catch(reject);
    });
    await live.close();
  }

  @Option({ flags: '-n, --namespace <name>', description: 'tenant or environment', required: true })
  parseNamespace(text: string): string {
    if (NAME_TOKEN.test(text)) return text;
    throw new UsageError(`"${text}" is no namespace`);
  }

  @Option({ flags: '--kind <kind>', description: 'only this kind' })
  parseKind(text: string): string {
    return kindView(text).kind;
  }

  @Option({ flags: '--id <id>', description: 'only this record' })
  parseId(text: string): string {
    return text;
  }

  @Option({ flags: '--where <pairs...>', description: 'only records with these fields' })
  parseWhere(text: string, before?: string[]): string[] {
    return collect(text, before);
  }

  @Option({ flags: '--from <start>', description: 'now (default), snapshot, or a position' })
  parseFrom(text: string): string {
    return text;
  }
}

/** One watch over all its openings: what was seen last is where the next one begins. */
class LiveWatch {
  private readonly watchId = randomUUID();
  private readonly subject: string;
  private seen: string | null = null;
  private heardAt = performance.now();
  private isClosed = false;
  private reopen: () => void = () => undefined;

  constructor(
    private readonly session: Session,
    private readonly options: WatchOptions,
  ) {
    this.subject = subjectsUnder(session.prefix).watch(options.namespace);
  }

  async run(): Promise<void> {
    const { requester } = this.session;
    const inbox = requester.subscribe((message) => this.onEvent(message as WatchEvent));
    while (!this.isClosed) {
      await requester.request(this.subject, this.request(inbox), openTimeoutMs);
      this.heardAt = performance.now();
      await this.untilReopen();
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.reopen();
    const { requester } = this.session;
    await requester.request(this.subject, { close: this.watchId }, 1_000).catch(() => undefined);
  }

  private request(inbox: string): Record<string, unknown> {
    const { kind, id, where = [], from = 'now' } = this.options;
    const filter = {
      ...(kind !== undefined && { kind }),
      ...(id !== undefined && { id }),
      ...parseAssignments('--where', where),
    };
    return { watchId: this.watchId, filter, from: this.seen ?? from, inbox };
  }

  private untilReopen(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        if (performance.now() - this.heardAt < silenceMs) return;
        this.session.printer.note('nothing heard for a while: opening the watch again');
        this.reopen();
      }, 1_000);
      this.reopen = () => {
        clearInterval(timer);
        resolve();
      };
    });
  }

  private onEvent(event: WatchEvent): void {
    this.heardAt = performance.now();
    if (typeof event['position'] === 'string') this.seen = event['position'];
    if (event['event'] === 'reset') {
      this.session.printer.note(`reset: ${String(event['reason'])}; opening the watch again`);
      // What is no longer in the log can only be had as a whole.
      this.seen = typeof event['available'] === 'string' ? event['available'] : 'snapshot';
      this.reopen();
      return;
    }
    const text = this.session.printer.format === 'table' ? lineOf(event) : JSON.stringify(event);
    if (text !== null) this.session.printer.text(text);
  }
}

/** Null for what only a program wants to see. */
function lineOf(event: WatchEvent): string | null {
  const { type, record, position, time, actor } = event;
  if (event['event'] === 'snapshot') return `snapshot  ${cellText(record)}`;
  if (event['event'] !== 'change') return null;
  const by = actor === undefined || actor === null ? '' : `  by ${cellText(actor)}`;
  return `${cellText(time)}  ${cellText(type)}  ${cellText(record)}  ${cellText(position)}${by}`;
}
