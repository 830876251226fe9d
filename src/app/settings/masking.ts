import { SETTINGS } from './setting-table.js';
import { credentials, HIDDEN, maskedUrl, passwordParameter } from './masked-url.js';
import type { Variable } from '../configuration.js';

/** A shorter one is a word that lines are made of; in a URL it is masked whatever its length. */
const secretCharsMin = 8;

/** A value as it may be shown to people. */
export function masked(variable: Variable, value: string): string {
  const { masked: how } = SETTINGS[variable];
  if (how === 'secret') return value === '' ? '' : HIDDEN;
  return how === 'url' ? maskedUrl(value) : value;
}

/** Everything in an environment that must never be written down. */
export function secretsIn(environment: Readonly<Record<string, string | undefined>>): string[] {
  const found = new Set<string>();
  for (const [variable, { masked: how }] of Object.entries(SETTINGS)) {
    const value = environment[variable] ?? '';
    if (how === 'secret') value.split(',').forEach((part) => found.add(part.trim()));
    if (how === 'url')
      value.split(',').forEach((url) => secretsOfUrl(url).forEach((s) => found.add(s)));
  }
  const long = [...found].filter((secret) => secret.length >= secretCharsMin);
  return long.sort((a, b) => b.length - a.length); // The longest first: one may contain another.
}

function secretsOfUrl(url: string): string[] {
  const secrets: string[] = [];
  for (const [, who = ''] of url.matchAll(credentials)) {
    const [user = '', ...rest] = who.split(':');
    secrets.push(rest.length === 0 ? user : rest.join(':'));
  }
  for (const [parameter] of url.matchAll(passwordParameter)) {
    secrets.push(parameter.slice(parameter.indexOf('=') + 1));
  }
  return secrets.flatMap((secret) => [secret, decoded(secret)]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
