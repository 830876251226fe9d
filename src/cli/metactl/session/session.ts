import { NatsRequester } from '../../nats-requester.js';
import { Printer } from '../output/printer.js';
import type { OutputFormat } from '../output/printer.js';
import { CommandSender } from '../sending/command-sender.js';
import { brokerAddress } from './context.js';
import { Gateway } from './gateway.js';

/** Flags that every verb understands. */
export interface SessionOptions {
  readonly output?: OutputFormat;
  readonly context?: string;
  readonly timeout?: number;
}

/** One run of metactl: a connection, what to ask through it, and where answers go. */
export interface Session {
  readonly gateway: Gateway;
  readonly sender: CommandSender;
  readonly printer: Printer;
  readonly requester: NatsRequester;
  readonly prefix: string;
}

const defaultTimeoutMs = 10_000;

/** Connects, runs `body`, and closes the connection whatever happened. */
export async function withSession(
  options: SessionOptions,
  body: (session: Session) => Promise<void>,
): Promise<void> {
  const printer = new Printer(options.output ?? 'table');
  const address = brokerAddress(options.context, process.env);
  const requester = await NatsRequester.open(address, 'metactl');
  try {
    const prefix = process.env['METAD_SUBJECT_PREFIX'] ?? 'metad.v1';
    const gateway = new Gateway(requester, prefix, options.timeout ?? defaultTimeoutMs);
    const sender = new CommandSender(gateway);
    await body({ gateway, sender, printer, requester, prefix });
  } finally {
    await requester.close();
  }
}
