import { Command, CommandRunner } from 'nest-commander';
import { UsageError } from '../exit-code.js';
import { completionScript } from '../output/completion-script.js';
import type { CompletionWord } from '../output/completion-script.js';

type Commander = CommandRunner['command'];

/** `source <(metactl completion bash)`. */
@Command({
  name: 'completion',
  arguments: '<shell>',
  description: 'a script for bash, zsh or fish: source <(metactl completion bash)',
})
export class CompletionCommand extends CommandRunner {
  override async run([shell = '']: string[]): Promise<void> {
    const root = this.command.parent;
    if (root === null) throw new UsageError('completion needs the whole program');
    process.stdout.write(completionScript(shell, wordsOf(root)));
  }
}

function wordsOf(command: Commander): CompletionWord[] {
  return command.commands.map((each) => ({
    name: each.name(),
    description: each.description(),
    flags: each.options.map((option) => option.long ?? '').filter((flag) => flag !== ''),
    words: wordsOf(each),
  }));
}
