import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { MetadError, type MetadClient, type RecordCache, type ResourceRecord } from '@metad/client';
import { InjectMetadataClient } from '@metad/client/nest';

/** Where a tenant's resource runs, and how sure we are. */
export interface Whereabouts {
  readonly node: string;
  /** `cache`: our own copy, `staleMs` old at most. `cluster`: asked just now. */
  readonly from: 'cache' | 'cluster';
  readonly staleMs: number;
}

const staleMsMax = 30_000;

/**
 * What a gateway needs: the node of a resource for every request, at once, also while the cluster
 * is away; and the safe way to move a resource.
 */
@Injectable()
export class PlacementService implements OnModuleInit, OnModuleDestroy {
  private resources!: RecordCache<ResourceRecord>;

  constructor(@InjectMetadataClient() private readonly metad: MetadClient) {}

  async onModuleInit(): Promise<void> {
    const indexes = { node: (record: ResourceRecord) => record.node };
    this.resources = this.metad.cache('resource', { indexes });
    await this.resources.ready();
  }

  async onModuleDestroy(): Promise<void> {
    await this.resources.close();
  }

  /** Null when nobody has placed it. Asks the cluster when our copy does not know, or is old. */
  async where(tenantId: string, resourceId: string): Promise<Whereabouts | null> {
    const known = this.resources.get(`${tenantId}/${resourceId}`);
    const staleMs = this.resources.standing().staleMs ?? Number.POSITIVE_INFINITY;
    if (known !== null && staleMs <= staleMsMax) {
      return { node: known.node, from: 'cache', staleMs };
    }
    const name = { tenantId, resourceId };
    const found = await this.metad.find('GetResource', name, { consistency: 'linearizable' });
    return found && { node: found.item.node, from: 'cluster', staleMs: 0 };
  }

  /** What would have to move if a node went away. */
  on(node: string): readonly string[] {
    return this.resources.by('node', node).map((one) => `${one.tenantId}/${one.resourceId}`);
  }

  /**
   * Moves a resource if it still is where the caller believes. False: somebody else was quicker,
   * look again. Any other failure is thrown; a repeated call is safe.
   */
  async move(tenantId: string, resourceId: string, from: string, to: string): Promise<boolean> {
    const data = { tenantId, resourceId, node: to };
    try {
      await this.metad.command('AssignResource', data, { expect: { node: from } });
      return true;
    } catch (error) {
      if (error instanceof MetadError && error.code === 'PRECONDITION_FAILED') return false;
      throw error;
    }
  }

  /** Places a resource that has no place yet; returns where it is, also if another was quicker. */
  async place(tenantId: string, resourceId: string, node: string): Promise<string> {
    const data = { tenantId, resourceId, node };
    try {
      await this.metad.command('AssignResource', data, { expect: { absent: true } });
      return node;
    } catch (error) {
      if (!(error instanceof MetadError) || error.code !== 'PRECONDITION_FAILED') throw error;
      const strictly = { consistency: 'linearizable' } as const;
      const { item } = await this.metad.query('GetResource', { tenantId, resourceId }, strictly);
      return item.node;
    }
  }
}
