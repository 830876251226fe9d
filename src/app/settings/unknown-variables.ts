/** What an environment may hold besides: of programs that share one with a node. */
const OF_OTHERS = [
  // The launcher, the cluster test, benchmarks and suites.
  /^METAD_(NODE_PROGRAM|PLANT|CONFIG_FILE|WRITE_GOLDEN)$/,
  /^METAD_(TEST|PROPERTY|BENCH|SIM|UPDATE)_/,
  // What a broker's own configuration reads (deploy/nats).
  /^METAD_(NODE_KEY|[A-Z0-9_]+_PASSWORD)$/,
  // What Kubernetes adds for a Service whose name begins with metad.
  /^METAD_([A-Z0-9_]+_)?SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?$/,
  /^METAD_([A-Z0-9_]+_)?PORT_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?$/,
];
const serviceLink = /^(tcp|udp):\/\//;
const distanceMax = 3;
/** One edit for so many letters: `METAD_HOST` is no misspelt `METAD_NODE`. */
const lettersPerEdit = 3;

type Environment = Readonly<Record<string, string | undefined>>;

interface Unknown {
  readonly variable: string;
  readonly reason: string;
}

/** A misspelt variable would be a setting that silently has no effect: it is a fault. */
export function misspeltVariables(environment: Environment, known: readonly string[]): Unknown[] {
  return unknownNames(environment, known).flatMap((variable) => {
    const near = nearest(variable, known);
    if (near === null) return [];
    return [{ variable, reason: `is not a setting of metad; did you mean ${near}?` }];
  });
}

/** What resembles no setting is of whoever runs the node, most likely: it is worth a warning. */
export function foreignVariables(environment: Environment, known: readonly string[]): Unknown[] {
  return unknownNames(environment, known)
    .filter((variable) => nearest(variable, known) === null)
    .map((variable) => ({ variable, reason: 'is not a setting of metad: it has no effect' }));
}

function unknownNames(environment: Environment, known: readonly string[]): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith('METAD_') && !known.includes(name))
    .filter((name) => !OF_OTHERS.some((pattern) => pattern.test(name)))
    .filter((name) => !(name.endsWith('_PORT') && serviceLink.test(environment[name] ?? '')))
    .sort();
}

/** The known name that the fewest edits lead to, or null when none is near. */
export function nearest(name: string, known: readonly string[]): string | null {
  const letters = name.replace(/^METAD_/, '').length;
  const edits = Math.min(distanceMax, Math.max(1, Math.floor(letters / lettersPerEdit)));
  const [best] = known
    .map((candidate) => [candidate, editDistance(name, candidate)] as const)
    .filter(([, distance]) => distance <= edits)
    .sort(([, a], [, b]) => a - b);
  return best?.[0] ?? null;
}

/** Levenshtein's: insertions, deletions and replacements. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
