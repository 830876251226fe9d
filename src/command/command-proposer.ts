import { term, type PartitionId } from '@metad/foundation';
import type { Consensus } from '../consensus/consensus.js';
import type { LogClocks } from '../consensus/log-clocks.js';
import type { PartitionDirectory } from '../consensus/partition-directory.js';
import type { PartitionMachines } from '../consensus/partition-machines.js';
import { droppedError } from '../consensus/proposal-outcome.js';
import {
  checkQuota,
  DEFAULT_QUOTA,
  encodeCommand,
  encodeRenewals,
  type ApplyResult,
} from '../decide/index.js';
import type { KindRegistry } from '../kinds/index.js';
import type { CommandExchange } from './command-exchange.js';
import { dryRunReply } from './dry-run-reply.js';
import type { RoutedCommand } from './command-router.js';
import { RenewalBatcher } from './renewal-batcher.js';

const dryRunBarrierMs = 2_000;
const RENEWALS = 'RenewInstances';

/** Whether only removals are admitted because the disk is nearly full. */
export interface StorageGauge {
  isStorageFull(): boolean;
}

/** On the leader: command → log entry → result → reply. */
export class CommandProposer {
  constructor(
    private readonly consensus: Consensus,
    private readonly directory: PartitionDirectory,
    private readonly machines: PartitionMachines,
    private readonly kinds: KindRegistry,
    private readonly logClocks: LogClocks,
    private readonly storage: StorageGauge,
  ) {}

  /** Answers through `exchange`, in time. Throws what is refused before there is an entry. */
  propose(routed: RoutedCommand, body: Uint8Array, exchange: CommandExchange): void {
    const { partition } = routed;
    const { incarnation } = this.directory.cluster();
    exchange.begin(routed, { incarnation, partition });
    if (routed.request.dryRun === true) return this.dryRun(routed, exchange);
    this.admit(routed);
    const { trace } = exchange;
    trace?.proposed(routed.command, routed.request.commandId, partition);
    if (routed.command === RENEWALS) return this.renew(routed, body, exchange);
    const { namespace, command, request } = routed;
    const entry = encodeCommand({ namespace, command, ...this.stamp(partition), body });
    this.consensus.submit(partition, entry, exchange, { request, trace });
  }

  /** Refusals before an entry exists. Removals pass: they make room. */
  private admit({ namespace, partition, checked }: RoutedCommand): void {
    if (!checked.grows) return;
    if (this.storage.isStorageFull()) throw droppedError(partition, 'storageFull', null);
    checkQuota(this.machines.user(partition).records, namespace, checked, DEFAULT_QUOTA);
  }

  private renew(
    { namespace, partition }: RoutedCommand,
    body: Uint8Array,
    exchange: CommandExchange,
  ): void {
    this.renewals.renew(partition, namespace, Buffer.from(body).toString('utf8')).then(
      (result) => exchange.applied(result),
      (error: unknown) => exchange.fail(error),
    );
  }

  private readonly renewals = new RenewalBatcher((partition, requests) => {
    const payload = {
      command: RENEWALS,
      requests: requests.map(({ namespace, body }) => ({ namespace, body })),
    };
    const entry = encodeRenewals(this.stamp(partition), payload);
    return this.consensus.propose<readonly ApplyResult[]>(partition, entry);
  });

  private stamp(partition: PartitionId) {
    const time = this.logClocks.stamp(partition, this.consensus.termOf(partition) ?? term(0));
    return { time, level: this.directory.cluster().featureLevel };
  }

  /** The same decider at a linearizable point; nothing is replicated. */
  private dryRun(routed: RoutedCommand, exchange: CommandExchange): void {
    this.decideDry(routed).then(
      (reply) => exchange.reply(reply),
      (error: unknown) => exchange.fail(error),
    );
  }

  private async decideDry({ namespace, command, request, partition }: RoutedCommand) {
    await this.consensus.linearize(partition, dryRunBarrierMs);
    const machine = this.machines.user(partition);
    const result = machine.dryRun(namespace, command, request, Date.now());
    const { incarnation } = this.directory.cluster();
    return dryRunReply(result, { incarnation, partition }, this.kinds);
  }
}
