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
import { DirectoryError, UNTIL_RESTORED } from '@metad/raft';

const NAME = 'identity';
const SHAPE = /^[0-9a-f]{24}\n$/;

/**
 * The identity of a data directory: made at random with it, so that an emptied disk comes back as
 * another one. Durable before it is returned.
 */
export function diskIdentity(directory: string): string {
  const known = readIdentity(directory);
  if (known !== null) return known;
  const path = join(directory, NAME);
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

/** Null where there is none. Throws `DirectoryError` when it is damaged. */
export function readIdentity(directory: string): string | null {
  const path = join(directory, NAME);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  if (!SHAPE.test(text)) {
    const message =
      `${path} is damaged: it must hold 24 hex digits and the end of the line. Put it back, from ` +
      'the disk it was on or from any copy of the directory: it never changes; metactl log ' +
      `verify says what it was. ${UNTIL_RESTORED}`;
    throw new DirectoryError('IDENTITY_DAMAGED', message);
  }
  return text.trim();
}
