import {
  environmentSchema,
  readVariables,
  type ConfigurationFault,
  type Variable,
} from '../configuration.js';
import { foreignVariables } from './unknown-variables.js';

const secretCharsMin = 16;

/** What a node starts with all the same, and whoever starts it should know. */
export function warningsOf(environment: NodeJS.ProcessEnv): ConfigurationFault[] {
  const { METAD_NODE_SECRET: secrets = [] } = readVariables(environment).values;
  const warnings = foreignVariables(environment, Object.keys(environmentSchema.shape));
  if (secrets.some((secret) => secret.length < secretCharsMin)) {
    const variable: Variable = 'METAD_NODE_SECRET';
    const reason = `is shorter than ${secretCharsMin} characters: it can be guessed`;
    warnings.push({ variable, reason: `${reason}; make one with openssl rand -base64 32` });
  }
  return warnings;
}
