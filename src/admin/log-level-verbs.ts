import { z } from 'zod';
import { LOG_LEVELS } from '../app/configuration.js';
import type { Logger } from '../app/logger.js';
import type { AdminRouter } from './admin-router.js';

/** `log-level.show` and `log-level.set`: until the next start, which reads METAD_LOG_LEVEL. */
export function registerLogLevelVerbs(router: AdminRouter, logger: Pick<Logger, 'level'>): void {
  router.register({
    noun: 'log-level',
    verb: 'show',
    schema: z.strictObject({}),
    changes: false,
    handle: async () => ({ level: logger.level }),
  });
  router.register({
    noun: 'log-level',
    verb: 'set',
    schema: z.strictObject({ level: z.enum(LOG_LEVELS) }),
    changes: true,
    handle: async ({ level }) => {
      const before = logger.level;
      logger.level = level;
      return { level, before };
    },
  });
}
