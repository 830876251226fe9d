/**
 * TypeScript for Jest, by swc. A suite runs in a context of its own, in which every look-up of a
 * global name (`Math`, `Map` …) goes through an interceptor of that context: suites that compute,
 * such as the simulation, spend up to 40 % of their time in these. So each module gets constants
 * of its own for what the language itself defines; nothing that a test may replace (timers,
 * `Date`, `fetch`, `process`) is among them.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import swc from '@swc/jest';

const NAMES = [
  ...['Array', 'ArrayBuffer', 'BigInt', 'Boolean', 'Buffer', 'DataView', 'Error', 'Infinity'],
  ...['Int32Array', 'JSON', 'Map', 'Math', 'NaN', 'Number', 'Object', 'Promise', 'RangeError'],
  ...['Reflect', 'Set', 'String', 'Symbol', 'TextDecoder', 'TextEncoder', 'TypeError'],
  ...['Uint8Array', 'Uint32Array', 'Float64Array', 'WeakMap', 'WeakSet'],
];
const version = createHash('sha256')
  .update(readFileSync(import.meta.filename))
  .digest('hex');

/** In front of the first line, so that lines keep their numbers. */
function withConstants(code) {
  const used = NAMES.filter((name) => new RegExp(`\\b${name}\\b`).test(code));
  return used.length === 0 ? code : `const { ${used.join(', ')} } = globalThis; ${code}`;
}

export default {
  createTransformer(options) {
    const inner = swc.createTransformer(options);
    const finish = ({ code, ...rest }) => ({ ...rest, code: withConstants(code) });
    return {
      ...inner,
      process: (...args) => finish(inner.process(...args)),
      processAsync: async (...args) => finish(await inner.processAsync(...args)),
      getCacheKey: (...args) => `${inner.getCacheKey(...args)}${version}`,
    };
  },
};
