import type { PartitionId } from '@metad/foundation';
import type { Message, MessageOf } from '../../core/index.js';

/** Ticks for which an append stands for the heartbeats that follow it. */
const appendCountsForTicks = 4;

/**
 * What was sent to one peer a moment ago, for the sake of what need not be said again so soon: an
 * append tells what a heartbeat tells, that the leader lives and what is committed, so heartbeats
 * that follow it are left out, unless they ask for the confirmation of reads. The append may be
 * lost on its way like any message, or the answer to it: then the heartbeat that finds out is late
 * by so many ticks.
 */
export class LatelySent {
  private now = 0;
  /** Tick of the last append, by partition: their numbers are small and close. */
  private readonly appends: (number | undefined)[] = [];
  /** Newest ReadIndex round asked for, by partition; only where there was one. */
  private readonly readRounds = new Map<PartitionId, MessageOf<'heartbeat'>>();

  tick(): void {
    this.now += 1;
  }

  /** True when the message adds nothing; else it counts as sent. */
  covers(partition: PartitionId, message: Message): boolean {
    if (message.kind === 'append') {
      this.appends[partition] = this.now;
      return false;
    }
    return message.kind === 'heartbeat' && this.coversHeartbeat(partition, message);
  }

  private coversHeartbeat(partition: PartitionId, heartbeat: MessageOf<'heartbeat'>): boolean {
    if (heartbeat.readRound > 0) {
      const before = this.readRounds.get(partition);
      if (before?.term !== heartbeat.term || before.readRound !== heartbeat.readRound) {
        this.readRounds.set(partition, heartbeat);
        return false;
      }
    }
    const sentAt = this.appends[partition];
    return sentAt !== undefined && this.now - sentAt < appendCountsForTicks;
  }
}
