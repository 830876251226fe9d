import { UsageError } from '../exit-code.js';

/** A noun or verb, with its flags and what may follow it. */
export interface CompletionWord {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly string[];
  readonly words: readonly CompletionWord[];
}

/** A script for the shell, which knows all words by itself and runs nothing while one types. */
export function completionScript(shell: string, words: readonly CompletionWord[]): string {
  if (shell === 'bash') return bashScript(words);
  if (shell === 'zsh') return `autoload -U +X bashcompinit && bashcompinit\n${bashScript(words)}`;
  if (shell === 'fish') return fishScript(words);
  throw new UsageError(`completion for bash, zsh or fish, not "${shell}"`);
}

function bashScript(words: readonly CompletionWord[]): string {
  const cases = [caseOf('', words, [])];
  for (const word of words) {
    cases.push(caseOf(word.name, word.words, word.flags));
    for (const verb of word.words) {
      cases.push(caseOf(`${word.name} ${verb.name}`, verb.words, verb.flags));
    }
  }
  return `_metactl() {
  local path="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; esac
    path="\${path:+$path }$word"
  done
  local choices=""
  while :; do
    case "$path" in
${cases.join('\n')}
    esac
    case "$path" in *" "*) path="\${path% *}" ;; *) break ;; esac
  done
  COMPREPLY=($(compgen -W "$choices" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _metactl metactl
`;
}

function caseOf(path: string, words: readonly CompletionWord[], flags: readonly string[]): string {
  const choices = [...words.map((word) => word.name), ...flags].join(' ');
  return `      "${path}") choices="${choices}"; break ;;`;
}

function fishScript(words: readonly CompletionWord[]): string {
  const prefix = 'complete -c metactl';
  const lines = words.flatMap((word) => [
    `${prefix} -f -n __fish_use_subcommand -a ${word.name} -d ${quoted(word.description)}`,
    ...word.words.map((verb) => {
      const seen = `'__fish_seen_subcommand_from ${word.name}'`;
      return `${prefix} -f -n ${seen} -a ${verb.name} -d ${quoted(verb.description)}`;
    }),
    ...word.flags.map((flag) => {
      const seen = `'__fish_seen_subcommand_from ${word.name}'`;
      return `${prefix} -n ${seen} -l ${flag.slice(2)}`;
    }),
  ]);
  return `${lines.join('\n')}\n`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "\\'")}'`;
