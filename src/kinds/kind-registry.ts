import { invariant } from '@metad/foundation';
import type { CommandDefinition, KindDefinition } from './kind.js';

/** A command together with the kind that it belongs to. */
export interface RegisteredCommand {
  readonly definition: CommandDefinition;
  readonly kind: KindDefinition;
}

/** All kinds of metadata this program knows. Refuses two kinds, commands or events of one name. */
export class KindRegistry {
  private readonly byKind = new Map<string, KindDefinition>();
  private readonly byCommand = new Map<string, RegisteredCommand>();

  constructor(readonly kinds: readonly KindDefinition[]) {
    const events = new Set<string>();
    for (const kind of kinds) {
      invariant(!this.byKind.has(kind.kind), 'every kind has a name of its own');
      this.byKind.set(kind.kind, kind);
      for (const definition of kind.commands) {
        invariant(!this.byCommand.has(definition.name), 'every command has a name of its own');
        this.byCommand.set(definition.name, { definition, kind });
      }
      for (const event of kind.events) {
        invariant(!events.has(event), 'every event has a name of its own');
        events.add(event);
      }
    }
  }

  kind(name: string): KindDefinition | null {
    return this.byKind.get(name) ?? null;
  }

  command(name: string): RegisteredCommand | null {
    return this.byCommand.get(name) ?? null;
  }

  commandNames(): string[] {
    return [...this.byCommand.keys()];
  }
}
