import type { QueryDefinition } from './definition/query-definition.js';

/** Every query of the service, by name. */
export class QueryCatalog {
  private readonly byName = new Map<string, QueryDefinition>();

  /** Throws when two queries have one name. */
  constructor(definitions: readonly QueryDefinition[]) {
    for (const definition of definitions) {
      const { name } = definition;
      if (this.byName.has(name)) throw new TypeError(`two queries are named ${name}`);
      this.byName.set(name, definition);
    }
  }

  find(name: string): QueryDefinition | null {
    return this.byName.get(name) ?? null;
  }

  names(): readonly string[] {
    return [...this.byName.keys()].sort();
  }
}
