import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { CqrsModule, EventBus, EventsHandler } from '@nestjs/cqrs';
import { Test } from '@nestjs/testing';
import type { TableShape } from '../table/table-shape.js';
import type { ProjectionHandler } from './projection-handler.js';
import { EVENTS_HANDLER_METADATA, Projection, projectionOf } from './projection.decorator.js';
import { ProjectionRegistry } from './projection-registry.js';

class Opened {}
class Closed {}

const table: TableShape = {
  ...{ name: 'door', keyColumns: 1, writes: 'upsert' },
  columns: [{ name: 'id', type: 'text' }],
};

let handled = 0;

@Projection({ name: 'door', tables: [table] })
@EventsHandler(Opened, Closed)
class DoorProjection implements ProjectionHandler {
  handle(): void {
    handled += 1;
  }
}

@EventsHandler(Opened)
class Bell {
  rings = 0;
  handle(): void {
    this.rings += 1;
  }
}

describe('@Projection', () => {
  it('knows the key under which @EventsHandler keeps its events', () => {
    expect(Reflect.getMetadata(EVENTS_HANDLER_METADATA, Bell)).toEqual([Opened]);
  });

  it('takes the events over from @EventsHandler', () => {
    const definition = projectionOf(new DoorProjection());
    expect(definition).toMatchObject({ name: 'door', tables: [table], onFailure: 'halt' });
    expect([...(definition?.events ?? [])]).toEqual(['Opened', 'Closed']);
    expect(projectionOf(new Bell())).toBeNull();
  });

  it('refuses to stand below @EventsHandler', () => {
    expect(() => {
      @EventsHandler(Opened)
      @Projection({ name: 'upside-down', tables: [] })
      class UpsideDown implements ProjectionHandler {
        handle(): void {}
      }
      return UpsideDown;
    }).toThrow('must stand above its @EventsHandler');
  });

  it('is found by discovery, and never called by the EventBus', async () => {
    const module = await Test.createTestingModule({
      imports: [CqrsModule.forRoot(), DiscoveryModule],
      providers: [
        DoorProjection,
        Bell,
        {
          provide: ProjectionRegistry,
          inject: [DiscoveryService],
          useFactory: (discovery: DiscoveryService) => new ProjectionRegistry(discovery),
        },
      ],
    }).compile();
    await module.init();
    const definitions = module.get(ProjectionRegistry).definitions();
    expect(definitions.map((definition) => definition.name)).toEqual(['door']);
    module.get(EventBus).publish(new Opened());
    expect(module.get(Bell).rings).toBe(1);
    expect(handled).toBe(0);
    await module.close();
  });
});
