/**
 * Builds the package as it is published: the client and the three libraries that it stands on, with
 * types, compiled into `dist/`. Their names become relative paths, so that the package needs
 * nothing of this repository. Run by `npm pack`.
 */
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const here = dirname(fileURLToPath(import.meta.url));
const libs = dirname(here);
const dist = join(here, 'dist');
const INCLUDED = ['client', 'contract', 'partition', 'foundation'];

const entries = ['client/src/index.ts', 'client/src/nest/index.ts'];
const options = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  strict: true,
  declaration: true,
  experimentalDecorators: true,
  skipLibCheck: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  rootDir: libs,
  outDir: dist,
  paths: Object.fromEntries(
    INCLUDED.map((name) => [`@metad/${name}`, [join(libs, name, 'src/index.ts')]]),
  ),
};

rmSync(dist, { recursive: true, force: true });
const program = ts.createProgram(
  entries.map((entry) => join(libs, entry)),
  options,
);
const { diagnostics } = program.emit();
const faults = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
if (faults.length > 0) {
  const host = {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => here,
    getNewLine: () => '\n',
  };
  process.stderr.write(ts.formatDiagnostics(faults, host));
  process.exitCode = 1;
}
for (const file of filesUnder(dist)) writeFileSync(file, withRelativeNames(file));

function withRelativeNames(file) {
  return readFileSync(file, 'utf8').replace(/(['"])@metad\/([a-z]+)\1/g, (whole, quote, name) => {
    if (!INCLUDED.includes(name)) throw new Error(`${file} imports @metad/${name}`);
    const path = relative(dirname(file), join(dist, name, 'src/index.js')).replaceAll('\\', '/');
    return `${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`;
  });
}

function filesUnder(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}
