import type { Subjects } from '@metad/contract';
import type { Clock, PartitionId } from '@metad/foundation';
import { PartitionMap, type PartitionMapData, type Point } from '@metad/partition';
import { readReply } from '../wire/reply.js';
import type { NatsRequester } from '../wire/requester.js';

const fetchTimeoutMs = 2_000;
const retryWaitMs = 1_000;
const deniedWaitMs = 60_000;

/** `metad.v1.admin._any.cluster.map {}` answers `{ incarnation, map, … }`. */
const NOUN = 'cluster';
const VERB = 'map';

/**
 * The partition map as this client knows it: fetched in the background, and again when a node says
 * that a partition has moved. Without a map (not yet, or the broker does not let this user ask)
 * there is no route, and any node forwards instead: one hop more, the same answers.
 */
export class PartitionRoutes {
  private map: PartitionMap | null = null;
  private incarnation: unknown = null;
  private fetching: Promise<void> | null = null;
  private notBefore = 0;
  private leadersDeniedUntil = 0;
  /** How often the map was fetched, for statistics. */
  refreshes = 0;

  constructor(
    private readonly requester: NatsRequester,
    private readonly subjects: Subjects,
    private readonly clock: Clock,
  ) {}

  /** The partition that owns a point; null while it is not known or may not be asked directly. */
  partitionOf(point: Point): PartitionId | null {
    if (this.map === null) {
      void this.refresh();
      return null;
    }
    if (this.clock.monotonic() < this.leadersDeniedUntil) return null;
    return this.map.ownerOf(point);
  }

  get generation(): number | null {
    return this.map?.generation ?? null;
  }

  /** Fetches the map; at most one request at a time, and not again soon after a failure. */
  refresh(): Promise<void> {
    if (this.clock.monotonic() < this.notBefore) return Promise.resolve();
    this.fetching ??= this.fetch().finally(() => {
      this.fetching = null;
    });
    return this.fetching;
  }

  /** The broker does not let this user speak to leaders: any node it is, and try again later. */
  leadersDenied(): void {
    this.leadersDeniedUntil = this.clock.monotonic() + deniedWaitMs;
  }

  /** After a reconnect, perhaps to another broker: what was denied may be allowed. */
  reconsider(): void {
    this.notBefore = 0;
    this.leadersDeniedUntil = 0;
  }

  private async fetch(): Promise<void> {
    const subject = this.subjects.admin('_any', NOUN, VERB);
    const outcome = await this.requester.request(subject, '{}', fetchTimeoutMs);
    if (outcome.kind === 'reply' && this.adopt(readReply(outcome.message.data))) return;
    const denied = outcome.kind === 'noResponders' && outcome.reason === 'forbidden';
    this.notBefore = this.clock.monotonic() + (denied ? deniedWaitMs : retryWaitMs);
  }

  private adopt(reply: ReturnType<typeof readReply>): boolean {
    if (reply instanceof Error || typeof reply['map'] !== 'object') return false;
    try {
      const map = PartitionMap.from(reply['map'] as PartitionMapData);
      // A node that lags may answer with an older map; after a restore generations begin anew.
      const older = this.map !== null && map.generation < this.map.generation;
      if (!older || reply['incarnation'] !== this.incarnation) this.map = map;
      this.incarnation = reply['incarnation'];
      this.refreshes += 1;
      return true;
    } catch {
      return false; // A map of a later format: any node understands it and forwards.
    }
  }
}
