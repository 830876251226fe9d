import { MetadError } from '@metad/contract';
import { invariant } from '@metad/foundation';
import type { z } from 'zod';
import { faultsOf } from '../command/command-envelope.js';
import { invalidArgument } from '../command/request-body.js';

/** One administrative act: `metad.v1.admin.<node>.<noun>.<verb>`, body checked by `schema`. */
export interface AdminVerb<Body> {
  readonly noun: string;
  readonly verb: string;
  readonly schema: z.ZodType<Body>;
  /** True if the act changes something: it is then written to the audit table and the logger. */
  readonly changes: boolean;
  handle(body: Body): Promise<unknown>;
}

/** Finds the verb for a subject. Each stage of the service registers its own verbs at start. */
export class AdminRouter {
  private readonly verbs = new Map<string, AdminVerb<never>>();

  register<Body>(verb: AdminVerb<Body>): void {
    const key = `${verb.noun}.${verb.verb}`;
    invariant(!this.verbs.has(key), 'an administrative verb is registered once');
    this.verbs.set(key, verb as AdminVerb<never>);
  }

  /** Names of all verbs, sorted: `partition.describe`. */
  names(): string[] {
    return [...this.verbs.keys()].sort();
  }

  /** Throws UNKNOWN_COMMAND, INVALID_ARGUMENT, or what the verb itself throws. */
  async execute(noun: string, verb: string, body: unknown): Promise<unknown> {
    const found = this.verbs.get(`${noun}.${verb}`);
    if (!found) {
      const message = `no administrative verb ${noun}.${verb}; known: ${this.names().join(', ')}`;
      throw new MetadError('UNKNOWN_COMMAND', message.slice(0, 1000));
    }
    const parsed = found.schema.safeParse(body);
    if (!parsed.success) throw invalidArgument(faultsOf(parsed.error, ''));
    return found.handle(parsed.data);
  }
}
