import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MetadClient } from '../metad-client.js';
import { MemoryBroker, type MemoryConnection } from '../testing/index.js';
import { InjectMetadataClient, MetadataClientModule } from './index.js';

@Injectable()
class Placement {
  constructor(@InjectMetadataClient() readonly client: MetadClient) {}
}

@Module({ providers: [{ provide: 'NAMESPACE', useValue: 'test' }], exports: ['NAMESPACE'] })
class SettingsModule {}

let broker: MemoryBroker;
let connection: MemoryConnection;

beforeEach(() => {
  broker = new MemoryBroker();
  connection = broker.connect();
});
afterEach(() => connection.close());

const settings = (namespace: string) => ({ namespace, connection, routing: 'any' as const });

describe('the Nest module', () => {
  it('gives its client to whoever injects it', async () => {
    broker.answer('metad.v1.query.prod.*', () => ({
      item: { cell: 'eu' },
      position: '',
      lagMs: 0,
    }));
    const module = await Test.createTestingModule({
      imports: [MetadataClientModule.forRoot(settings('prod'))],
      providers: [Placement],
    }).compile();
    const { client } = module.get(Placement);
    const { item } = await client.query('GetTenant', { tenantId: 'acme' });
    expect(item).toEqual({ cell: 'eu' });
    await module.close();
  });

  it('takes its options from a factory with dependencies', async () => {
    const module = await Test.createTestingModule({
      imports: [
        MetadataClientModule.forRootAsync({
          imports: [SettingsModule],
          inject: ['NAMESPACE'],
          useFactory: (namespace: string) => settings(namespace),
        }),
      ],
      providers: [Placement],
    }).compile();
    expect(module.get(Placement).client.namespace).toBe('test');
    await module.close();
  });

  it('closes its client with the application, and leaves a given connection open', async () => {
    const module = await Test.createTestingModule({
      imports: [MetadataClientModule.forRoot(settings('prod'))],
    }).compile();
    const client = module.get(MetadataClientModule)['client'];
    await module.close();
    await expect(client.query('GetTenant', { tenantId: 'acme' })).rejects.toMatchObject({
      details: { reason: 'closed' },
    });
    expect(connection.isClosed()).toBe(false);
  });
});
