import { UsageError } from '../exit-code.js';

/**
 * `key=value` (a string), `key:=json` (numbers, lists, true) and dotted keys (`labels.zone=eu`), as
 * written behind `--set`, `--where` and `--expect`, become an object.
 */
export function parseAssignments(flag: string, texts: readonly string[]): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const text of texts) assign(result, flag, text);
  return result;
}

const ASSIGNMENT = /^([A-Za-z_][\w-]*(?:\.[^.=:\s]+)*)(:?=)([^]*)$/;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

function assign(result: Record<string, unknown>, flag: string, text: string): void {
  const match = ASSIGNMENT.exec(text);
  if (match === null) {
    throw new UsageError(`${flag} ${text}: write key=value, or key:=json for numbers and lists`);
  }
  const [, path = '', operator, raw = ''] = match;
  const value = operator === ':=' ? parseJson(flag, text, raw) : raw;
  const keys = path.split('.');
  if (keys.some((key) => FORBIDDEN.has(key))) throw new UsageError(`${flag} ${text}: not a field`);
  let target = result;
  for (const key of keys.slice(0, -1)) {
    const next = (target[key] ??= {});
    if (typeof next !== 'object') throw new UsageError(`${flag} ${text}: ${key} has a value`);
    target = next as Record<string, unknown>;
  }
  target[keys.at(-1) ?? ''] = value;
}

function parseJson(flag: string, text: string, raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    throw new UsageError(`${flag} ${text}: what follows := must be JSON`);
  }
}

/** `--expect version=7`, `--expect absent`, `--expect node=node-a`. */
export function parseExpectation(texts: readonly string[]): Record<string, unknown> {
  const written = texts.map((text) => (/^(absent|exists)$/.test(text) ? `${text}:=true` : text));
  const expectation = parseAssignments('--expect', written);
  const { version } = expectation;
  if (typeof version === 'string') {
    if (!/^\d+$/.test(version)) throw new UsageError(`--expect version=${version}: not a number`);
    expectation['version'] = Number(version);
  }
  for (const key of ['absent', 'exists']) {
    if (expectation[key] === 'true') expectation[key] = true;
  }
  return expectation;
}
