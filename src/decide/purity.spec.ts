import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

// Rules run on every replica and must agree to the bit, on any engine, machine and day. This walks
// the syntax of every decider and of whatever it imports from its own folder.
const ROOT = join(import.meta.dirname, '../..');
const KINDS = join(ROOT, 'src/kinds');

const GLOBALS = new Set(
  ['Date', 'Intl', 'Promise', 'performance', 'process', 'crypto', 'globalThis', 'require'].concat(
    ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch', 'console'],
    ['parseFloat', 'WeakRef', 'FinalizationRegistry', 'WeakMap', 'Map'],
  ),
);
const PROPERTIES = new Set(
  ['random', 'now', 'localeCompare', 'normalize', 'toFixed', 'toPrecision'].concat(
    ['toLocaleString', 'toLocaleLowerCase', 'toLocaleUpperCase', 'toLocaleDateString'],
    ['sqrt', 'pow', 'exp', 'log', 'sin', 'cos', 'tan', 'cbrt', 'hypot', 'fround'],
  ),
);
/** Properties come in the order of the client's bytes: where they are walked, and why it may be. */
const WALKS_OVER_PROPERTIES: Readonly<Record<string, string>> = {
  'src/kinds/routing-table/route-match.ts': 'headers are compared as a set, never by place',
};

function faultsOf(path: string, text = readFileSync(path, 'utf8')): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const name = relative(ROOT, path);
  const faults: string[] = [];
  const visit = (node: ts.Node): void => {
    const fault = faultAt(node, name);
    if (fault !== null) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      faults.push(`${name}:${line + 1} ${fault}`);
    }
    if (!ts.isTypeNode(node)) node.forEachChild(visit);
  };
  source.forEachChild(visit);
  return faults;
}

function faultAt(node: ts.Node, name: string): string | null {
  if (ts.isIdentifier(node) && GLOBALS.has(node.text) && !isMember(node)) {
    return `uses ${node.text}`;
  }
  if (ts.isPropertyAccessExpression(node) && PROPERTIES.has(node.name.text)) {
    return `uses .${node.name.text}`;
  }
  if (ts.isBinaryExpression(node)) {
    const operator = node.operatorToken.kind;
    const divides =
      operator === ts.SyntaxKind.SlashToken || operator === ts.SyntaxKind.SlashEqualsToken;
    if (divides) return 'divides';
    if (operator === ts.SyntaxKind.AsteriskAsteriskToken) return 'raises to a power';
  }
  if (ts.isNumericLiteral(node) && !Number.isInteger(Number(node.text))) return 'has a fraction';
  if (ts.isAwaitExpression(node)) return 'waits';
  if (name in WALKS_OVER_PROPERTIES) return null;
  if (ts.isForInStatement(node)) return 'walks over properties';
  const isWalk =
    ts.isPropertyAccessExpression(node) &&
    node.expression.getText() === 'Object' &&
    ['keys', 'values', 'entries'].includes(node.name.text);
  return isWalk ? 'walks over properties' : null;
}

const isMember = ({ parent, text }: ts.Identifier): boolean =>
  (ts.isPropertyAccessExpression(parent) && parent.name.text === text) ||
  (ts.isPropertyAssignment(parent) && parent.name.getText() === text);

/** A decider and the files of its folder that it gets values from, transitively. */
function reachedFrom(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const imports = readFileSync(path, 'utf8').matchAll(
    /^import (?!type)[^;]*? from '(\.[^']+)\.js'/gms,
  );
  for (const [, target = ''] of imports) {
    const file = join(dirname(path), `${target}.ts`);
    if (existsSync(file)) reachedFrom(file, seen);
  }
  return seen;
}

const deciders = readdirSync(KINDS, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.decider.ts'))
  .map((name) => join(KINDS, name));

describe('rules are pure', () => {
  it('finds a decider for every kind', () => {
    expect(deciders.length).toBeGreaterThanOrEqual(5);
  });

  it.each(deciders.map((path) => relative(ROOT, path)))('%s', (name) => {
    const files = [...reachedFrom(join(ROOT, name))];
    expect(files.flatMap((path) => faultsOf(path))).toEqual([]);
  });

  it.each([
    ['const t = Date.now();', 'uses Date'],
    ['const r = Math.random();', 'uses .random'],
    ['const h = total / 2;', 'divides'],
    ['const f = 0.5;', 'has a fraction'],
    ['names.sort((a, b) => a.localeCompare(b));', 'uses .localeCompare'],
    ['for (const name in labels) seen.push(name);', 'walks over properties'],
    ['const all = Object.keys(labels);', 'walks over properties'],
    ['const seen = new Map();', 'uses Map'],
    ['const answer = await ask();', 'waits'],
  ])('would find: %s', (text, fault) => {
    const faults = faultsOf(join(KINDS, 'planted.decider.ts'), text);
    expect(faults).toContain(`src/kinds/planted.decider.ts:1 ${fault}`);
  });
});
