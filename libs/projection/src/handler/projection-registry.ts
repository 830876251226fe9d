import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { ProjectionDefinition } from './projection-handler.js';
import { projectionOf } from './projection.decorator.js';

/** Every projection of the application, found through Nest's discovery, sorted by name. */
@Injectable()
export class ProjectionRegistry {
  constructor(private readonly discovery: DiscoveryService) {}

  /** Throws when two projections claim one name or one table. */
  definitions(): readonly ProjectionDefinition[] {
    const instances = this.discovery
      .getProviders()
      .map((wrapper): unknown => wrapper.instance)
      .filter((instance): instance is object => typeof instance === 'object' && instance !== null);
    return orderDefinitions([...new Set(instances)].flatMap((i) => projectionOf(i) ?? []));
  }
}

/** Sorted by name and checked: names and tables are unique. */
export function orderDefinitions(
  definitions: readonly ProjectionDefinition[],
): readonly ProjectionDefinition[] {
  refuseRepeats(definitions.map((definition) => definition.name));
  refuseRepeats(definitions.flatMap((d) => d.tables.map((table) => table.name)));
  return [...definitions].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function refuseRepeats(names: readonly string[]): void {
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated) throw new TypeError(`two projections claim the name or table ${repeated}`);
}
