import type { Variable } from '../configuration.js';
import { defaultOf, isRequired, SETTINGS } from './setting-table.js';

const INTRODUCTION = `# Configuration

Every setting is an environment variable of \`metad serve\`, or a flag of the same name in
kebab case with or without \`metad-\` in front (\`--http-port 0\`, \`--nats-url nats://…\`),
or an entry of the file that \`METAD_CONFIG_FILE\` names (a mapping of variables, in YAML or
JSON). Flags win over the environment, the environment wins over the file. \`metad config print\`
shows what a node would run with, where each value is from, and every fault. A node that is
configured wrongly names every fault at once, a misspelt \`METAD_…\` variable among them, and
exits with code 1. An empty variable is one that is not set. A \`METAD_…\` variable that resembles
no setting has no effect, and is warned of.

This page is made from the schema: \`npm run docs\`.
`;

/** docs/reference/configuration.md. */
export function configurationPage(): string {
  const rows = (Object.keys(SETTINGS) as Variable[]).map((variable) => {
    const { meaning, otherwise } = SETTINGS[variable];
    const fallback = defaultOf(variable);
    const byDefault = fallback === null ? (otherwise ?? '–') : `\`${fallback}\``;
    return [`\`${variable}\``, isRequired(variable) ? 'required' : byDefault, meaning];
  });
  return `${INTRODUCTION}\n${markdownTable(['variable', 'default', 'meaning'], rows)}\n`;
}

/** Columns as wide as their widest cell, as the formatter of this repository has them. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = head.map((title, at) =>
    Math.max(title.length, 3, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [line(head), rule, ...rows.map(line)].join('\n');
}
