import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { NAME_TOKEN } from '@metad/contract';
import { brokerUrls } from '../../../app/nats/broker-url.js';
import { brokerOf, type BrokerAddress } from '../../broker-address.js';
import { UsageError } from '../exit-code.js';

const defaultServer = 'nats://127.0.0.1:4222';

/**
 * Where the broker is: `--context`, else NATS_URL (with NATS_CREDS, NATS_NKEY, NATS_TLS_… and
 * NATS_INBOX_PREFIX), else the selected context, else this machine. Contexts are those of the
 * `nats` command line, in ~/.config/nats/context.
 */
export function brokerAddress(context: string | undefined, env: NodeJS.ProcessEnv): BrokerAddress {
  if (context !== undefined) return readContext(context, env);
  const given = env['NATS_URL'] ?? '';
  if (given !== '') return brokerOf(given, env);
  const selected = selectedContext(env);
  if (selected !== null) return readContext(selected, env);
  return brokerOf(defaultServer, env);
}

function folderOf(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'nats');
}

function selectedContext(env: NodeJS.ProcessEnv): string | null {
  const file = join(folderOf(env), 'context.txt');
  const name = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  return NAME_TOKEN.test(name) ? name : null;
}

function readContext(name: string, env: NodeJS.ProcessEnv): BrokerAddress {
  const file = join(folderOf(env), 'context', `${name}.json`);
  if (!existsSync(file)) throw new UsageError(`no context "${name}": there is no ${file}`);
  const fields = parse(file);
  const text = (key: string): string | undefined => {
    const value = fields[key];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const servers = brokerUrls(text('url') ?? defaultServer);
  const optional = {
    creds: text('creds'),
    nkey: text('nkey'),
    user: text('user'),
    password: text('password'),
    token: text('token'),
    tlsCa: text('ca'),
    tlsCert: text('cert'),
    tlsKey: text('key'),
    inboxPrefix: text('inbox_prefix'),
  };
  const given = Object.entries(optional).filter(([, value]) => value !== undefined);
  return { servers, ...Object.fromEntries(given) };
}

function parse(file: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${(error as Error).message}`);
  }
}
