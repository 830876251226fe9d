import { CommandRunner, Option } from 'nest-commander';
import { UsageError } from '../exit-code.js';
import { wholeNumber } from '../input/whole-number.js';
import { OUTPUT_FORMATS } from '../output/printer.js';
import type { OutputFormat } from '../output/printer.js';
import { withSession } from '../session/session.js';
import type { Session, SessionOptions } from '../session/session.js';

/** A verb that talks to the cluster: connects, does it, prints, disconnects. */
export abstract class ConnectedCommand<Options extends SessionOptions> extends CommandRunner {
  protected abstract execute(
    session: Session,
    args: readonly string[],
    options: Options,
  ): Promise<void>;

  override run(args: string[], options: Options = {} as Options): Promise<void> {
    return withSession(options, (session) => this.execute(session, args, options));
  }

  @Option({ flags: '-o, --output <format>', description: 'table, json or yaml (default: table)' })
  parseOutput(text: string): OutputFormat {
    return oneOf('--output', text, OUTPUT_FORMATS);
  }

  @Option({ flags: '--context <name>', description: 'a NATS context, as the nats CLI keeps them' })
  parseContext(text: string): string {
    return text;
  }
}

/** A verb that asks and is answered, which does not take long. */
export abstract class MetactlCommand<
  Options extends SessionOptions,
> extends ConnectedCommand<Options> {
  @Option({ flags: '--timeout <ms>', description: 'for one request (default: 10000)' })
  parseTimeout(text: string): number {
    return timeoutOf(text);
  }
}

export const timeoutOf = (text: string): number => wholeNumber('--timeout', text, 1, 3_600_000);

export function oneOf<T extends string>(flag: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === text);
  if (found !== undefined) return found;
  throw new UsageError(`${flag} must be one of ${allowed.join(', ')}, not "${text}"`);
}

/** For flags that may be repeated or take several values. */
export function collect(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text];
}
