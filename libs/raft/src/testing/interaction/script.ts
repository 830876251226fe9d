import { COMMANDS } from './commands.js';
import { Stage } from './stage.js';

// An interaction script is its own golden file. It opens with a comment that says why it exists;
// then come blocks, parted by empty lines: commands, `---`, and what happened. Comments (`#`) may
// stand between commands. `INTERACTION_REWRITE=1` writes what happens now into the file: do that
// only when the difference can be explained.

interface Block {
  readonly commands: readonly string[];
  readonly expected: readonly string[];
}

const isComment = (line: string): boolean => line.startsWith('#');

function parse(text: string): readonly Block[] {
  return text
    .trimEnd()
    .split(/\n\n+/)
    .map((block) => {
      const lines = block.split('\n');
      const cut = lines.indexOf('---');
      return cut < 0
        ? { commands: lines, expected: [] }
        : { commands: lines.slice(0, cut), expected: lines.slice(cut + 1) };
    });
}

function perform(stage: Stage, line: string): void {
  const [word, ...args] = line.trim().split(/\s+/);
  const command = COMMANDS[word ?? ''];
  if (command === undefined) throw new Error(`not a command: ${line}`);
  try {
    command(stage, args);
  } catch (error) {
    stage.tell(`stopped: ${(error as Error).message}`);
  }
}

/** Runs a script; returns the same script with what happened this time. */
export function runScript(text: string): string {
  const stage = new Stage();
  const blocks = parse(text).map(({ commands }) => {
    for (const line of commands) if (!isComment(line)) perform(stage, line);
    const happened = stage.takeLines();
    return [...commands, ...(happened.length > 0 ? ['---', ...happened] : [])].join('\n');
  });
  return `${blocks.join('\n\n')}\n`;
}

/** The comment that opens a script: why it exists. */
export const purposeOf = (text: string): string =>
  text
    .split('\n')
    .slice(
      0,
      text.split('\n').findIndex((line) => !isComment(line)),
    )
    .map((line) => line.replace(/^#\s?/, ''))
    .join(' ');
