import { MetadError } from '@metad/contract';
import { invariant } from '@metad/foundation';
import type { z } from 'zod';
import { faultsOf } from '../command/command-envelope.js';
import { asMetadError } from '../command/command-exchange.js';
import { invalidArgument } from '../command/request-body.js';

/** One administrative act: `metad.v1.admin.<node>.<noun>.<verb>`, body checked by `schema`. */
export interface AdminVerb<Body> {
  readonly noun: string;
  readonly verb: string;
  readonly schema: z.ZodType<Body>;
  /** True if the act changes something: it is then written to the audit table and the logger. */
  readonly changes: boolean;
  /** What it tells is for operators only, although it changes nothing. */
  readonly isPrivate?: boolean;
  handle(body: Body): Promise<unknown>;
}

/** Who asked for an act, as far as it is known. */
export interface ActCaller {
  readonly via: 'nats' | 'http' | 'node';
  /** What the caller calls itself, or was proved to be. */
  readonly actor: string | null;
}

export interface AdministrativeAct extends ActCaller {
  readonly noun: string;
  readonly verb: string;
  readonly body: unknown;
  /** `done`, or the code of the error. */
  readonly outcome: string;
  /** What the error said. */
  readonly reason?: string;
}

const NOBODY: ActCaller = { via: 'nats', actor: null };

/** Finds the verb for a subject. Each stage of the service registers its own verbs at start. */
export class AdminRouter {
  private readonly verbs = new Map<string, AdminVerb<never>>();
  private listener: (act: AdministrativeAct) => void = () => undefined;

  /** `listener` hears of every act that changes something, once it is done or refused. */
  onAct(listener: (act: AdministrativeAct) => void): void {
    this.listener = listener;
  }

  register<Body>(verb: AdminVerb<Body>): void {
    const key = `${verb.noun}.${verb.verb}`;
    invariant(!this.verbs.has(key), 'an administrative verb is registered once');
    this.verbs.set(key, verb as AdminVerb<never>);
  }

  /** For acts that another node carries out: this one knows better who asked. */
  report(act: AdministrativeAct): void {
    this.listener(act);
  }

  /** Names of all verbs, sorted: `partition.describe`. */
  names(): string[] {
    return [...this.verbs.keys()].sort();
  }

  /** Whether a reader may have it: it is known, changes nothing and tells no operator's secret. */
  onlyReads(noun: string, verb: string): boolean {
    const found = this.verbs.get(`${noun}.${verb}`);
    return found !== undefined && !found.changes && found.isPrivate !== true;
  }

  /** Throws UNKNOWN_COMMAND, INVALID_ARGUMENT, or what the verb itself throws. */
  async execute(
    noun: string,
    verb: string,
    body: unknown,
    caller: ActCaller = NOBODY,
  ): Promise<unknown> {
    const found = this.verbs.get(`${noun}.${verb}`);
    if (!found) {
      const message = `no administrative verb ${noun}.${verb}; known: ${this.names().join(', ')}`;
      throw new MetadError('UNKNOWN_COMMAND', message.slice(0, 1000));
    }
    if (!found.changes) return perform(found, body);
    const act = { ...caller, noun, verb, body };
    try {
      const result = await perform(found, body);
      this.listener({ ...act, outcome: 'done' });
      return result;
    } catch (error) {
      const { code, message } = asMetadError(error);
      this.listener({ ...act, outcome: code, reason: message });
      throw error;
    }
  }
}

async function perform(verb: AdminVerb<never>, body: unknown): Promise<unknown> {
  const parsed = verb.schema.safeParse(body);
  if (!parsed.success) throw invalidArgument(faultsOf(parsed.error, ''));
  return verb.handle(parsed.data);
}
