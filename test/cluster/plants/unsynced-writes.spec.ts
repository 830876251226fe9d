import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UnsyncedWrites } from './unsynced-writes.js';

let folder: string;
let path: string;
let file: number;
let writes: UnsyncedWrites;

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'unsynced-'));
  path = join(folder, 'log');
  fs.writeFileSync(path, 'AAAABBBB');
  writes = new UnsyncedWrites(folder, fs);
  file = fs.openSync(path, 'r+');
  writes.opened(file, path, 'r+');
});

afterEach(() => {
  fs.closeSync(file);
  fs.rmSync(folder, { recursive: true });
});

function write(text: string, position: number): void {
  writes.writing(file, text.length, position);
  fs.writeSync(file, text, position);
}

function sync(): void {
  writes.synced(file, writes.mark());
}

const afterPowerLoss = (): string => {
  writes.takeBack();
  return fs.readFileSync(path, 'utf8');
};

describe('power loss', () => {
  it('takes back what was not synced, also where it overlaps', () => {
    write('xx', 1);
    write('yyyy', 2);
    expect(afterPowerLoss()).toBe('AAAABBBB');
  });

  it('keeps what was synced', () => {
    write('xx', 1);
    sync();
    write('yy', 4);
    expect(afterPowerLoss()).toBe('AxxABBBB');
  });

  it('takes back growth of the file', () => {
    write('more', 8);
    expect(afterPowerLoss()).toBe('AAAABBBB');
  });

  it('takes back a write that came while a sync was under way', () => {
    write('xx', 0);
    const covered = writes.mark();
    write('yy', 4);
    writes.synced(file, covered);
    expect(afterPowerLoss()).toBe('xxAABBBB');
  });

  it('follows a file that is renamed', () => {
    write('xx', 0);
    fs.renameSync(path, `${path}.new`);
    path = `${path}.new`;
    expect(afterPowerLoss()).toBe('AAAABBBB');
  });

  it('leaves files outside of the folder alone', () => {
    const elsewhere = new UnsyncedWrites('/nowhere', fs);
    elsewhere.opened(file, path, 'r+');
    elsewhere.writing(file, 2, 0);
    expect(elsewhere.count).toBe(0);
  });
});
