import { DirectoryError, readPartition } from '@metad/raft';
import type { DirectoryVerdict, StoredPartition } from '@metad/raft';
import { readIdentity } from '../../../../consensus/joining/disk-identity.js';
import { SYSTEM_PARTITION } from '../../../../consensus/partition-machines.js';
import { SystemMachine, UnreadableEntry } from '../../../../decide/index.js';

/** What the log says of a directory, and what its identity adds. */
export interface WholeVerdict extends DirectoryVerdict {
  readonly identity: 'sound' | 'missing' | 'damaged' | 'mismatched';
  /** What partition 0 has registered for the node, as far as this directory knows; else null. */
  readonly registered: string | null;
  /** Why the node would not start; null when it would. */
  readonly refused: DirectoryError['code'] | null;
  readonly reason: string | null;
}

/** Compares the file `identity` with what this directory's own copy of partition 0 knows. */
export async function withIdentity(
  verdict: DirectoryVerdict,
  directory: string,
): Promise<WholeVerdict> {
  const { heldBy } = verdict;
  // What moves is not read a second time.
  const registered = heldBy === null ? await registeredIn(directory, verdict.node) : null;
  const { identity, fault } = identityIn(directory, registered);
  const refused = fault?.code ?? null;
  const whole = { ...verdict, identity, registered, refused, reason: fault?.message ?? null };
  if (identity === 'sound') return whole;
  const { found, does } = CONSEQUENCES[identity];
  const advice = restored(directory, registered);
  return {
    ...whole,
    sound: false,
    findings: [...verdict.findings, `${found} (${directory}/identity)`],
    actions: [...verdict.actions, does],
    advice: heldBy === null ? [advice, ...verdict.advice] : [...verdict.advice, advice],
  };
}

const SERVES_UNKNOWN =
  'it goes on with its log, and partition 0 does not take that identity for this node; should ' +
  'the log be lost too, nobody could tell';
const CONSEQUENCES = {
  missing: {
    found: 'the identity of the directory is missing',
    does: `make another identity: ${SERVES_UNKNOWN}`,
  },
  damaged: {
    found: 'the identity of the directory is damaged',
    does: 'be refused, as nobody may guess an identity',
  },
  mismatched: {
    found: 'the identity of the directory is not the one that partition 0 has registered',
    does: `keep that identity: ${SERVES_UNKNOWN}`,
  },
} as const;

function restored(directory: string, registered: string | null): string {
  const back =
    'before a start, put the file identity back, from the disk it was on or from any copy of ' +
    'this directory: it never changes';
  if (registered === null) return back;
  return `${back}. By this log it was: echo ${registered} > ${directory}/identity`;
}

function identityIn(
  directory: string,
  registered: string | null,
): { identity: WholeVerdict['identity']; fault: DirectoryError | null } {
  try {
    const found = readIdentity(directory);
    if (found === null) return { identity: 'missing', fault: null };
    const isOther = registered !== null && registered !== found;
    return { identity: isOther ? 'mismatched' : 'sound', fault: null };
  } catch (fault) {
    if (!(fault instanceof DirectoryError)) throw fault;
    return { identity: 'damaged', fault };
  }
}

/** Null when the directory does not know: partition 0 is not there yet, or not sound. */
async function registeredIn(directory: string, node: string): Promise<string | null> {
  const stored = readPartition({ directory, partition: SYSTEM_PARTITION });
  if (stored === null) return null;
  try {
    const identities = (await stateOf(stored))?.identities ?? {};
    return Object.hasOwn(identities, node) ? (identities[node] ?? null) : null;
  } catch (fault) {
    // Written by a newer program: of the identity nothing can be said.
    if (fault instanceof UnreadableEntry) return null;
    throw fault;
  }
}

async function stateOf({ snapshot, entries }: StoredPartition) {
  const machine = new SystemMachine(() => undefined);
  if (snapshot !== null) await machine.restore(snapshot.meta, inTurn(snapshot.chunks));
  for (const entry of entries) machine.apply(entry, undefined);
  return machine.state();
}

async function* inTurn(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
