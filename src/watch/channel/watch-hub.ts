import type { AppliedEntry } from '@metad/eventsourcing';
import { logIndex, type LogIndex, type PartitionId } from '@metad/foundation';
import type { Logger } from '../../app/logger.js';
import { PositionCompacted, type EventSource } from '../../dispatch/event-source.js';
import { ChannelIndex } from './channel-index.js';
import { WatchChannel } from './watch-channel.js';
import type { WatchFilter } from '../watch-filter.js';
import type { ChangeText } from '../change-text.js';
import type { WatchMessages } from '../watch-message.js';
import type { WatchedPartitions } from '../watch-ports.js';
import type { Watcher } from '../session/watcher.js';

const entriesPerRead = 256;

/**
 * Follows the head of every partition and hands each event to the channels that it passes. One
 * cursor per partition serves all live watchers; without watchers it moves on without reading.
 */
export class WatchHub {
  private readonly cursors = new Map<PartitionId, number>();
  private readonly pumping = new Set<PartitionId>();
  private readonly channels = new Map<string, WatchChannel>();
  private readonly index = new ChannelIndex();
  private stopListening: (() => void) | null = null;
  private history = 0;
  /** Set by the catch-up: a watcher has fallen behind. */
  onBehind: (watcher: Watcher) => void = () => {};

  constructor(
    private readonly source: EventSource,
    private readonly partitions: WatchedPartitions,
    private readonly messages: WatchMessages,
    private readonly diagnostics: Logger,
  ) {}

  start(): void {
    this.stopListening = this.source.onAdvance((partition) => this.advance(partition));
    this.trackAll();
  }

  stop(): void {
    this.stopListening?.();
    this.stopListening = null;
  }

  /**
   * How far all live watchers have been served. A partition that appears while somebody watches is
   * new to them, so they get it from its first entry.
   */
  cursorOf(partition: PartitionId): number {
    let cursor = this.cursors.get(partition);
    if (cursor === undefined) {
      cursor = this.index.isEmpty ? this.source.head(partition) : 0;
      this.cursors.set(partition, cursor);
    }
    return cursor;
  }

  /** True once a watcher gets live events: its snapshot, if it asked for one, is complete. */
  follows(watcher: Watcher): boolean {
    return this.channels.get(watcher.filter.key)?.members.has(watcher) ?? false;
  }

  /** Where a watcher stands; null stands for one that is live everywhere. */
  positionOf(watcher: Watcher | null): string {
    return this.partitions
      .partitions()
      .map((partition) => {
        const cursor = this.cursorOf(partition);
        const index = watcher === null ? cursor : watcher.positionIn(partition, cursor);
        return this.messages.position(partition, index);
      })
      .join(',');
  }

  join(watcher: Watcher): void {
    this.channelOf(watcher.filter).members.add(watcher);
  }

  leave(watcher: Watcher): void {
    const channel = this.channels.get(watcher.filter.key);
    if (!channel?.members.delete(watcher) || channel.members.size > 0) return;
    this.channels.delete(watcher.filter.key);
    this.index.remove(channel);
  }

  /** Begins to follow partitions that have appeared. */
  trackAll(): void {
    for (const partition of this.partitions.partitions()) {
      if (!this.cursors.has(partition)) this.advance(partition);
    }
  }

  /** The history was replaced: cursors into the old one mean nothing. */
  restart(): void {
    this.history += 1;
    this.cursors.clear();
    this.trackAll();
  }

  private channelOf(filter: WatchFilter): WatchChannel {
    let channel = this.channels.get(filter.key);
    if (channel === undefined) {
      this.trackAll();
      const onBehind = (watcher: Watcher): void => this.onBehind(watcher);
      channel = new WatchChannel(filter, this.cursors, this.messages, onBehind);
      this.channels.set(filter.key, channel);
      this.index.add(channel);
    }
    return channel;
  }

  private advance(partition: PartitionId): void {
    if (this.pumping.has(partition)) return;
    if (this.index.isEmpty) {
      const stoodAt = this.cursors.get(partition);
      if (stoodAt !== undefined) this.source.leave(partition, logIndex(stoodAt));
      this.cursors.set(partition, this.source.head(partition));
      return;
    }
    this.pumping.add(partition);
    void this.pump(partition).finally(() => {
      this.pumping.delete(partition);
      // What was announced after the pump's last look would else wait for the next announcement.
      if (this.isBehind(partition)) this.advance(partition);
    });
  }

  private isBehind(partition: PartitionId): boolean {
    const running = this.stopListening !== null;
    return running && this.cursorOf(partition) < this.source.head(partition);
  }

  /** Reads to the head. Never rejects: what cannot be read sends its watchers to catch up. */
  private async pump(partition: PartitionId): Promise<void> {
    const { history } = this;
    while (this.isBehind(partition)) {
      const after = logIndex(this.cursorOf(partition));
      try {
        const entries = await this.source.read(partition, after, entriesPerRead);
        if (entries.length === 0) throw new Error('no entries below the head');
        if (history !== this.history) return;
        for (const entry of entries) this.dispatch(entry);
      } catch (error) {
        this.loseTrack(partition, after, error);
        return;
      }
    }
  }

  private dispatch(entry: AppliedEntry): void {
    const { changes, partition, index } = entry;
    if (changes.length > 0 && !this.index.isEmpty) {
      const texts = changes.map((change) => this.messages.liveText(entry, change));
      this.deliver(entry, texts);
    }
    this.cursors.set(partition, index);
  }

  private deliver(entry: AppliedEntry, texts: readonly ChangeText[]): void {
    const [first] = texts;
    if (texts.length === 1 && first !== undefined) {
      // Nearly always: no channel gets two events of this entry.
      this.index.forEachPassed(first, (channel) => channel.offer(entry, texts));
      return;
    }
    for (const [channel, passed] of this.passedBy(texts)) channel.offer(entry, passed);
  }

  private passedBy(texts: readonly ChangeText[]): Map<WatchChannel, ChangeText[]> {
    const byChannel = new Map<WatchChannel, ChangeText[]>();
    for (const text of texts) {
      this.index.forEachPassed(text, (channel) => {
        const passed = byChannel.get(channel);
        if (passed === undefined) byChannel.set(channel, [text]);
        else passed.push(text);
      });
    }
    return byChannel;
  }

  private loseTrack(partition: PartitionId, after: LogIndex, error: unknown): void {
    if (!(error instanceof PositionCompacted)) {
      this.diagnostics.error({ err: error, partition }, 'watches could not read applied entries');
    }
    for (const channel of this.channels.values()) channel.loseTrack(partition, after);
    this.cursors.set(partition, this.source.head(partition));
  }
}
