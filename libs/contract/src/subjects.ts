/**
 * Every NATS subject of the service, made in one place. Tokens given here are already validated.
 */
export function subjectsUnder(prefix: string) {
  return {
    prefix,
    command: (namespace: string, command: string) => `${prefix}.cmd.${namespace}.${command}`,
    commands: `${prefix}.cmd.*.*`,
    query: (namespace: string, query: string) => `${prefix}.query.${namespace}.${query}`,
    queries: `${prefix}.query.*.*`,
    leaderCommand: (partition: number) => `${prefix}.p.${partition}.cmd`,
    leaderQuery: (partition: number) => `${prefix}.p.${partition}.query`,
    watch: (namespace: string) => `${prefix}.watch.${namespace}`,
    watches: `${prefix}.watch.*`,
    event: (namespace: string, kind: string, id: string) =>
      `${prefix}.evt.${namespace}.${kind}.${subjectToken(id)}`,
    admin: (node: string, noun: string, verb: string) => `${prefix}.admin.${node}.${noun}.${verb}`,
    adminOf: (node: string) => `${prefix}.admin.${node}.*.*`,
    raft: (cluster: string, node: string) => `${prefix}.raft.${cluster}.${node}`,
  } as const;
}

export type Subjects = ReturnType<typeof subjectsUnder>;

/** Matches what may stand as a namespace, node or cluster name. */
export const NAME_TOKEN = /^[A-Za-z0-9_-]{1,64}$/;

/** Where a query or a watch names its namespace: all of them. No record can lie there. */
export const ALL_NAMESPACES = '_all';

/**
 * Percent-encodes what a NATS subject token cannot hold (dots, wildcards, white space, `%`) and
 * what `encodeURIComponent` does, in upper case as RFC 3986 has it: `decodeURIComponent` reads it.
 */
export function subjectToken(text: string): string {
  if (NAME_TOKEN.test(text)) return text;
  const hexOf = (char: string): string => char.charCodeAt(0).toString(16).toUpperCase();
  return encodeURIComponent(text).replace(/[.*>!'()~]/g, (char) => `%${hexOf(char)}`);
}
