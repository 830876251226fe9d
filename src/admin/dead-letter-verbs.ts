import { z } from 'zod';
import { MetadError } from '@metad/contract';
import type { DeadLetters, StoredLetter } from '@metad/projection';
import type { ProjectionService } from '../projection/projection.service.js';
import type { AdminRouter } from './admin-router.js';

const id = z.coerce.number().int().min(1);
const actor = z.string().min(1).max(256).default('operator');
const listMax = 1_000;

/** `dead-letter.*`: changes that a projection's handler refused, and what is to become of them. */
export function registerDeadLetterVerbs(
  router: AdminRouter,
  service: () => Pick<ProjectionService, 'letters'>,
): void {
  router.register({
    noun: 'dead-letter',
    verb: 'list',
    schema: z.strictObject({ state: z.enum(['waiting', 'retried', 'skipped']).optional() }),
    changes: false,
    handle: async ({ state }) => ({ items: await service().letters.list(listMax, state) }),
  });
  router.register({
    noun: 'dead-letter',
    verb: 'show',
    schema: z.strictObject({ id }),
    changes: false,
    handle: (body) => found(service().letters, body.id),
  });
  router.register({
    noun: 'dead-letter',
    verb: 'retry',
    schema: z.strictObject({ id, actor }),
    changes: true,
    handle: async (body) => {
      const { letters } = service();
      return { retried: await letters.retry(await waiting(letters, body.id), body.actor) };
    },
  });
  router.register({
    noun: 'dead-letter',
    verb: 'skip',
    schema: z.strictObject({ id, actor }),
    changes: true,
    handle: async (body) => {
      const { letters } = service();
      if (await letters.skip(await waiting(letters, body.id), body.actor)) return { skipped: 1 };
      const message =
        'earlier changes of the same record wait before this one: decide on them first';
      throw new MetadError('RULE_VIOLATED', message, { rule: 'dead-letters-in-order' });
    },
  });
}

async function found(letters: DeadLetters, letter: number): Promise<StoredLetter> {
  const stored = await letters.show(letter);
  if (stored) return stored;
  throw new MetadError('NOT_FOUND', `no dead letter ${letter} on this node`);
}

async function waiting(letters: DeadLetters, letter: number): Promise<StoredLetter> {
  const stored = await found(letters, letter);
  if (stored.state === 'waiting') return stored;
  const message = `dead letter ${letter} was ${stored.state} already`;
  throw new MetadError('RULE_VIOLATED', message, { rule: 'dead-letter-waiting' });
}
