import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const NAME = 'identity';
const SHAPE = /^[0-9a-f]{24}\n$/;

/**
 * The identity of a data directory: made at random with it, so that an emptied disk comes back as
 * another one. Durable before it is returned.
 */
export function diskIdentity(directory: string): string {
  const path = join(directory, NAME);
  const known = read(path);
  if (known !== null) return known;
  mkdirSync(directory, { recursive: true });
  const identity = randomBytes(12).toString('hex');
  const file = openSync(`${path}.new`, 'w');
  writeSync(file, `${identity}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(`${path}.new`, path);
  const folder = openSync(directory, 'r');
  fsyncSync(folder);
  closeSync(folder);
  return identity;
}

function read(path: string): string | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  if (!SHAPE.test(text)) throw new Error(`${path} is damaged: it must hold 24 hex digits`);
  return text.trim();
}
