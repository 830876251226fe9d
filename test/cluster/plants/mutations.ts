/**
 * Faults planted into the built program while it loads, to prove that the harness finds them: a
 * test that has never failed proves nothing. Each names the text it replaces, and a text that is
 * no longer there fails the run instead of planting nothing.
 */
export interface Mutation {
  /** End of the module's URL. */
  readonly module: string;
  readonly find: string;
  readonly replace: string;
}

export type PlantName = 'double-apply' | 'early-preconditions';

const machine = 'src/decide/partition-machine.js';

export const MUTATIONS: { readonly [P in PlantName]: readonly Mutation[] } = {
  /** A retry is applied again: as if commandIds were not deduplicated in the replicated state. */
  'double-apply': [
    {
      module: machine,
      find: 'const known = remembered.find(addressed.request.commandId);',
      replace: 'const known = null;',
    },
  ],
  /** `expect` is decided by the leader before it proposes, and no more when applied. */
  'early-preconditions': [
    {
      module: machine,
      find: 'apply(entry, attachment) {',
      replace: 'apply(entry, attachment) { globalThis.metadApplies = true;',
    },
    {
      module: machine,
      find: 'dryRun(namespace, command, request, now) {',
      replace: 'dryRun(namespace, command, request, now) { globalThis.metadApplies = false;',
    },
    {
      module: 'src/decide/command-runner.js',
      find: 'const unmet = command.expect === null ?',
      replace: 'const unmet = command.expect === null || globalThis.metadApplies ?',
    },
    {
      module: 'src/command/command-proposer.js',
      find: 'if (routed.request.dryRun === true) return this.dryRun(routed, exchange);',
      replace: `if (routed.request.dryRun === true) return this.dryRun(routed, exchange);
        if (routed.request.expect !== undefined) {
            const { namespace, command, request } = routed;
            const early = this.machines.user(partition)
                .dryRun(namespace, command, request, Date.now());
            if (!early.outcome.accepted) return exchange.applied(early);
        }`,
    },
  ],
};
