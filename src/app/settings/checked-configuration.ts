import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { parseTokensFile } from '../../http/access/tokens-file.js';
import {
  ConfigurationError,
  readConfiguration,
  readVariables,
  type Configuration,
  type ConfigurationFault,
  type Variable,
} from '../configuration.js';

const FILES = [
  'NATS_CREDS',
  'NATS_NKEY',
  'NATS_TLS_CA',
  'NATS_TLS_CERT',
  'NATS_TLS_KEY',
  'METAD_HTTP_TOKENS_FILE',
  'METAD_HTTP_TLS_CERT',
  'METAD_HTTP_TLS_KEY',
  'METAD_HTTP_TLS_CA',
] as const satisfies readonly Variable[];

/**
 * `readConfiguration`, and the files it names are there, readable and what they should be. Throws
 * ConfigurationError with the faults of both.
 */
export function checkedConfiguration(environment: NodeJS.ProcessEnv): Configuration {
  const { values } = readVariables(environment);
  const files = FILES.flatMap((variable) => fileFault(variable, values[variable]));
  const inside = files.length > 0 ? [] : contentFaults(values);
  const fileFaults = [...files, ...inside];
  let configuration: Configuration | null = null;
  let faults: readonly ConfigurationFault[] = [];
  try {
    configuration = readConfiguration(environment);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    faults = error.faults;
  }
  if (configuration === null || fileFaults.length > 0) {
    throw new ConfigurationError([...faults, ...fileFaults]);
  }
  return configuration;
}

function fileFault(variable: Variable, path: string | undefined): ConfigurationFault[] {
  if (path === undefined) return [];
  try {
    accessSync(path, constants.R_OK);
    if (statSync(path).isFile()) return [];
    return [{ variable, reason: `${path} is not a file` }];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    return [{ variable, reason: `${path} ${reason}` }];
  }
}

type Files = Readonly<Partial<Record<(typeof FILES)[number], string | undefined>>>;

/** What stands in the files: a node that starts with half a certificate fails at the first call. */
function contentFaults(files: Files): ConfigurationFault[] {
  const read = (path: string | undefined): Buffer | undefined =>
    path === undefined ? undefined : readFileSync(path);
  const faults: ConfigurationFault[] = [];
  for (const door of ['NATS_TLS', 'METAD_HTTP_TLS'] as const) {
    try {
      createSecureContext({
        cert: read(files[`${door}_CERT`]),
        key: read(files[`${door}_KEY`]),
        ca: read(files[`${door}_CA`]),
      });
    } catch (error) {
      const variable = files[`${door}_CERT`] === undefined ? `${door}_CA` : `${door}_CERT`;
      faults.push({ variable, reason: `is not usable: ${(error as Error).message}` });
    }
  }
  const { METAD_HTTP_TOKENS_FILE: tokens } = files;
  if (tokens !== undefined) {
    const parsed = parseTokensFile(readFileSync(tokens, 'utf8'));
    for (const reason of parsed.faults) {
      faults.push({ variable: 'METAD_HTTP_TOKENS_FILE', reason: `${tokens}: ${reason}` });
    }
  }
  return faults;
}
