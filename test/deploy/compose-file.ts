import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const path = join(import.meta.dirname, '../../docker-compose.yml');

/** The part of the Compose specification that the file uses; anything else in it is a mistake. */
const condition = z.enum(['service_started', 'service_healthy', 'service_completed_successfully']);
const service = z.strictObject({
  build: z.string().optional(),
  image: z.string().regex(/^[a-z0-9/.-]+:[\w.-]+$/),
  restart: z.enum(['unless-stopped', 'always', 'on-failure']),
  hostname: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string()).optional(),
  volumes: z.array(z.string().regex(/^[\w./-]+:\/[\w./-]*(:ro)?$/)).optional(),
  ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/)).optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition })).optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.literal('ALL')).optional(),
  security_opt: z.array(z.string()).optional(),
  tmpfs: z.array(z.string()).optional(),
  stop_grace_period: z
    .string()
    .regex(/^\d+s$/)
    .optional(),
  healthcheck: z
    .strictObject({
      test: z.array(z.string()),
      interval: z.string(),
      timeout: z.string(),
      retries: z.int(),
    })
    .optional(),
});
const composeSchema = z.strictObject({
  name: z.string(),
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.strictObject({})),
});

/** `${NAME:-default}` as compose reads it with nothing set. */
const interpolate = (text: string): string => text.replace(/\$\{\w+:-([^}]*)\}/g, '$1');

/** docker-compose.yml as it is with nothing set. Throws on what the schema does not know. */
export function composeFile(): z.infer<typeof composeSchema> {
  const parsed = parse(interpolate(readFileSync(path, 'utf8')), { merge: true }) as object;
  const known = Object.entries(parsed).filter(([name]) => !name.startsWith('x-'));
  return composeSchema.parse(Object.fromEntries(known));
}
