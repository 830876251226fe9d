import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';

// Sizes are kept as a ratchet: what is over a limit today stands in `KNOWN` with its size, may only
// shrink, and nothing new may join it.
const ROOT = join(import.meta.dirname, '..');
const FILE_LINES_MAX = 400;
const LINE_CHARS_MAX = 100;
const FOLDER_ENTRIES_MAX = 15;
const KNOWN: Readonly<Record<string, number>> = {};

const SKIPPED = new Set(['node_modules', 'dist', '.git', 'data', 'coverage', 'golden', 'out']);
const BANNED_NAMES = /(^|[-./])(utils?|helpers?|common|manager|impl)([-./]|$)/i;

function walk(folder: string, visit: (path: string, isFolder: boolean) => void): void {
  for (const name of readdirSync(folder)) {
    if (SKIPPED.has(name)) continue;
    const path = join(folder, name);
    const isFolder = statSync(path).isDirectory();
    visit(path, isFolder);
    if (isFolder) walk(path, visit);
  }
}

function collect(): { files: string[]; folders: string[] } {
  const files: string[] = [];
  const folders: string[] = [];
  for (const top of ['src', 'libs', 'migrations', 'test', 'benchmark']) {
    const path = join(ROOT, top);
    if (!statSync(path, { throwIfNoEntry: false })) continue;
    walk(path, (found, isFolder) => (isFolder ? folders : files).push(found));
  }
  return { files, folders };
}

const { files, folders } = collect();
const sources = files.filter((path) => /\.(ts|mjs)$/.test(path));
const named = (path: string): string => relative(ROOT, path).replaceAll('\\', '/');

describe('the house is tidy', () => {
  it('has no file over its size', () => {
    const over = sources
      .map((path) => [named(path), readFileSync(path, 'utf8').split('\n').length - 1] as const)
      .filter(([name, lines]) => lines > (KNOWN[name] ?? FILE_LINES_MAX));
    expect(over).toEqual([]);
  });

  it('has no line over 100 columns', () => {
    const over = sources.flatMap((path) =>
      readFileSync(path, 'utf8')
        .replace(/^#!.*/, '') // Names the interpreter and its flags, and cannot be broken.
        .split('\n')
        .map((line, at) => [`${named(path)}:${at + 1}`, line.length] as const)
        .filter(([, length]) => length > LINE_CHARS_MAX),
    );
    expect(over).toEqual([]);
  });

  it('has no crowded folder', () => {
    const over = folders
      .map((path) => [named(path), readdirSync(path).filter((n) => !/\.spec\.ts$/.test(n)).length])
      .filter(
        ([name, count]) => Number(count) > FOLDER_ENTRIES_MAX && !/interaction/.test(`${name}`),
      );
    expect(over).toEqual([]);
  });

  it('names things after what they are', () => {
    const banned = sources.map(named).filter((name) => BANNED_NAMES.test(name));
    expect(banned).toEqual([]);
  });

  it('has an index of named exports only', () => {
    const starred = sources
      .filter((path) => path.endsWith('/index.ts'))
      .filter((path) => /export \*/.test(readFileSync(path, 'utf8')))
      .map(named);
    expect(starred).toEqual([]);
  });

  it('leaves no skipped or focused test and no unfinished mark', () => {
    const marks = new RegExp(
      [
        '\\b(it|test|describe)\\.(skip|only|todo)\\b',
        '\\bxit\\(',
        '@ts-(ignore|nocheck)',
        '\\bTO' + 'DO\\b',
        '\\bFIX' + 'ME\\b',
      ].join('|'),
    );
    const found = sources
      .filter((path) => !path.endsWith('tidy.spec.ts'))
      .filter((path) => marks.test(readFileSync(path, 'utf8')))
      .map(named);
    expect(found).toEqual([]);
  });
});
