import { logIndex, nodeName, term } from '@metad/foundation';
import type { LogIndex, Term } from '@metad/foundation';
import type { HardState, SnapshotMeta } from '../../../core/index.js';
import type { Damage } from '../../log-port.js';
import { readSnapshotMeta, writeSnapshotMeta } from '../../../codec/index.js';
import type { ByteReader, ByteWriter } from '../../../codec/index.js';

/**
 * Where a partition stands, in full: written when it is created, takes a snapshot, is compacted,
 * is found damaged or healed, and again before the segment holding the last one is removed.
 */
export interface Standing {
  readonly first: LogIndex;
  /** Term of the entry before `first`. */
  readonly termBefore: Term;
  readonly last: LogIndex;
  readonly lastTerm: Term;
  readonly snapshot: SnapshotMeta;
  readonly hardState: HardState;
  /** Why the partition must not take part; null when it is sound. */
  readonly damage: Damage | null;
}

export function writeVote(writer: ByteWriter, hardState: HardState): void {
  writer.string(hardState.vote ?? '');
}

export function readVote(reader: ByteReader, termOf: number, commit: number): HardState {
  const vote = reader.string();
  return {
    term: term(termOf),
    vote: vote === '' ? null : nodeName(vote),
    commit: logIndex(commit),
  };
}

/** The body of a `standing` record; last index, term and kind of damage are in its header. */
export function writeStanding(writer: ByteWriter, standing: Standing): void {
  writer.varint(standing.first);
  writer.varint(standing.termBefore);
  writeSnapshotMeta(writer, standing.snapshot);
  writer.varint(standing.hardState.term);
  writer.varint(standing.hardState.commit);
  writeVote(writer, standing.hardState);
  writer.string(standing.damage?.reason ?? '');
}

export function readStanding(
  reader: ByteReader,
  last: number,
  lastTerm: number,
  suspect: boolean,
): Standing {
  const first = logIndex(reader.varint());
  const termBefore = term(reader.varint());
  const snapshot = readSnapshotMeta(reader);
  const hardTerm = reader.varint();
  const commit = reader.varint();
  const hardState = readVote(reader, hardTerm, commit);
  const reason = reader.string();
  const kind = suspect ? 'suspect' : 'corrupt';
  return {
    first,
    termBefore,
    last: logIndex(last),
    lastTerm: term(lastTerm),
    snapshot,
    hardState,
    damage: reason === '' ? null : { kind, reason },
  };
}
