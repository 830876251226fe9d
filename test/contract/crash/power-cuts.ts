import { PowerLoss } from '@metad/raft/testing';
import type { CrashFate, DiskOperation, SimulatedDisk } from '@metad/raft/testing';

/** How a life ends: the process dies alone, or the machine with it, and what was not synced. */
export const ENDS: readonly (readonly [what: string, fate: CrashFate | null])[] = [
  ['the process is killed', null],
  ['all that was not synced is lost', { data: 'lost', names: 'lost' }],
  ['all that was not synced is there', { data: 'kept', names: 'kept' }],
  ['bytes that were not synced are there, names are not', { data: 'kept', names: 'lost' }],
  ['names that were not synced are there, bytes are not', { data: 'lost', names: 'kept' }],
  ['what was not synced is as chance has it', { data: 'chance', names: 'chance' }],
];

export const isPowerLoss = (fault: unknown): boolean =>
  fault instanceof PowerLoss ||
  (fault instanceof Error && fault.cause !== undefined && isPowerLoss(fault.cause));

/**
 * Lets `live` run until power is cut during its operation number `step` (a write is done in part),
 * then brings the machine back. Returns the operation; null when the life was over before.
 */
export async function cutDuring(
  disk: SimulatedDisk,
  step: number,
  fate: CrashFate | null,
  live: () => Promise<unknown>,
): Promise<DiskOperation | null> {
  disk.cutPowerAfter(step);
  await live().catch((fault: unknown) => {
    if (!isPowerLoss(fault)) throw fault;
  });
  const operation = disk.cutDuring?.operation ?? null;
  if (fate === null) disk.kill();
  else disk.crash(fate);
  return operation;
}
