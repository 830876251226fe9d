import type { ClientOptions } from '@metad/client';
import { ServiceRequester } from '../../service-requester.js';
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
  readonly printer: Printer;
  readonly requester: ServiceRequester;
  readonly prefix: string;
  /** `options` are the client library's: which way it takes, who hears of retries. */
  readonly sender: (options?: Partial<ClientOptions>) => Promise<CommandSender>;
}

const defaultTimeoutMs = 10_000;

/** Connects, runs `body`, and closes the connection whatever happened. */
export async function withSession(
  options: SessionOptions,
  body: (session: Session) => Promise<void>,
): Promise<void> {
  const printer = new Printer(options.output ?? 'table');
  const address = brokerAddress(options.context, process.env);
  const requester = await ServiceRequester.open(address, 'metactl');
  try {
    const prefix = process.env['METAD_SUBJECT_PREFIX'] || 'metad.v1';
    const gateway = new Gateway(requester, prefix, options.timeout ?? defaultTimeoutMs);
    // Every call brings its own namespace.
    const sender = async (own: Partial<ClientOptions> = {}): Promise<CommandSender> =>
      new CommandSender(await requester.client('metactl', prefix, own));
    await body({ gateway, sender, printer, requester, prefix });
  } finally {
    await requester.close();
  }
}
