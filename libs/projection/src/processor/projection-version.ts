import type { RecordChange } from '@metad/eventsourcing';
import type { PartitionId } from '@metad/foundation';
import type { Cursor } from '../checkpoint/checkpoint.js';
import type { ProjectionDefinition } from '../handler/projection-handler.js';
import { RecentMap } from '../table/recent-map.js';
import { seedOf, type RecentHashes } from '../table/row-digest.js';
import { tableName, type TableShape } from '../table/table-shape.js';

/** One table of one version, with what is computed from its shape once. */
export interface VersionedTable {
  readonly shape: TableShape;
  readonly name: string;
  readonly seed: number;
  /** Hashes of rows written lately: the next change of such a row takes its hash away. */
  readonly recent: RecentHashes;
}

/** Rows whose hashes are remembered for a table, in each of two generations. */
const recentMax = 8_192;

/** Why a version is not fed. */
export interface Fault {
  readonly kind:
    /** Its handler threw, and the policy is `halt`. */
    | 'handler'
    /**
     * What follows its checkpoint is no longer in log or archive: it must begin from a snapshot.
     */
    | 'compacted'
    /** Its rows are of another history than the log: they are not to be read. */
    | 'foreign'
    /** Its digests are by another rule: its rows are served until it was built anew. */
    | 'outdated'
    /** An operator stopped it; the log waits within its budget. */
    | 'paused';
  readonly reason: string;
}

/** One version of a projection being fed: its tables, its cursors and what holds it back. */
export class ProjectionVersion {
  readonly tables: readonly VersionedTable[];
  readonly cursors = new Map<PartitionId, Cursor>();
  /** Why changes of a key wait as dead letters, by `recordKey`. Only with the policy `park`. */
  readonly parked = new Map<string, string>();
  /** Nothing is fed while it is set. */
  fault: Fault | null = null;

  constructor(
    readonly definition: ProjectionDefinition,
    readonly version: number,
  ) {
    this.tables = definition.tables.map((shape) => ({
      shape,
      name: tableName(shape, version),
      seed: seedOf(shape.name),
      recent: new RecentMap(recentMax),
    }));
  }

  get name(): string {
    return this.definition.name;
  }

  tableOf(shape: TableShape): VersionedTable {
    for (const table of this.tables) if (table.shape === shape) return table;
    throw new TypeError(`projection ${this.name} does not declare the table ${shape.name}`);
  }

  handles(type: string): boolean {
    const { events } = this.definition;
    return events === null || events.has(type);
  }
}

export const recordKey = (change: Pick<RecordChange, 'kind' | 'namespace' | 'key'>): string =>
  `${change.kind}\u0000${change.namespace}\u0000${change.key}`;
