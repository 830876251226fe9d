import type { Consensus } from '../../consensus/consensus.js';
import type { PartitionDirectory } from '../../consensus/partition-directory.js';
import type { ProjectionService } from '../../projection/projection.service.js';
import type { Lifecycle } from '../lifecycle.js';
import type { NatsHealth } from '../nats/nats-connection.js';
import type { HealthChecks } from './health-checks.js';

const loopDelayMsMax = 5_000;

export interface CheckedParts {
  readonly lifecycle: Lifecycle;
  readonly nats: NatsHealth;
  readonly consensus: Consensus;
  readonly directory: PartitionDirectory;
  readonly projections: ProjectionService | null;
}

/** What each probe asks. Liveness speaks of this process alone: never of quorum or the database. */
export function registerChecks(checks: HealthChecks, parts: CheckedParts): void {
  const { lifecycle, nats, consensus, directory, projections } = parts;
  checks.register('loop', ['live', 'ready'], () => {
    const late = consensus.node.stats().loopDelayMsMax;
    return { ok: late < loopDelayMsMax, detail: `latest tick came ${Math.round(late)} ms late` };
  });
  checks.register('started', ['startup'], () => ({
    ok: lifecycle.state !== 'starting',
    detail: lifecycle.state,
  }));
  checks.register('serving', ['ready'], () => ({
    ok: lifecycle.state === 'serving',
    detail: lifecycle.state,
  }));
  checks.register('broker', ['ready'], () => ({
    ok: nats.connected,
    detail: nats.connected ? 'connected' : 'disconnected; reconnecting',
  }));
  checks.register('partitions', ['ready'], () => {
    const stopped = consensus.node
      .partitions()
      .map((id) => consensus.node.status(id))
      .filter((status) => status?.state === 'stopped' || status?.state === 'corrupt');
    const names = stopped.map((status) => `${status?.partition} (${status?.reason ?? 'stopped'})`);
    if (!directory.known) return { ok: false, detail: 'the partition map is not known yet' };
    return {
      ok: names.length === 0,
      detail: names.length === 0 ? 'all replicas run' : `stopped: ${names.join(', ')}`,
    };
  });
  checks.register('leaders', ['ready'], () => {
    const partitions = consensus.node.partitions();
    const without = partitions.filter((id) => consensus.leaderOf(id) === null);
    const some = `${without.slice(0, 10).join(', ')}${without.length > 10 ? ', …' : ''}`;
    return {
      ok: without.length === 0,
      detail: without.length === 0 ? 'all partitions are led' : `no leader known: ${some}`,
    };
  });
  if (projections === null) return;
  checks.register('projection', ['ready'], () => {
    const troubled = projections.list().filter((status) => status.state !== 'live');
    const names = troubled.map(({ name, state, reason }) => `${name} ${state}: ${reason ?? ''}`);
    // Commands and look-ups by key go on without the tables: a node that lacks them still serves.
    return { ok: true, detail: names.length === 0 ? 'all live' : names.join('; ') };
  });
}
