import { pino } from 'pino';
import { describe, expect, it } from '@jest/globals';
import { Lifecycle } from './lifecycle.js';
import { systemClock } from './system-clock.js';

type Parts = ConstructorParameters<typeof Lifecycle>;
type Strategy = Parameters<Lifecycle['untilStopped']>[0];

const done = async (): Promise<void> => undefined;

/** The lines of a node that starts, serves and is stopped at once; `level` as it was configured. */
async function linesOfOneLife(level: string): Promise<string[]> {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const logger = pino({ level, base: { node: 'n1', cluster: 'metad' } }, { write });
  const configuration = { node: 'n1', members: ['n1', 'n2'], partitions: 8 };
  const consensus = { start: done, stop: done, onServing: () => undefined, untilServing: done };
  const parts = [configuration, consensus, { follow: done }, systemClock, logger, {}];
  const lifecycle = new Lifecycle(...(parts as unknown as Parts));
  const strategy = {
    openAdmin: () => undefined,
    openShared: () => setImmediate(() => lifecycle.fail(new Error('enough'))),
    close: done,
  };
  await lifecycle.untilStopped(strategy as unknown as Strategy, 'http://127.0.0.1:8080');
  return lines;
}

describe('the line that says a node is ready', () => {
  it('names each of its fields once', async () => {
    const [ready = ''] = (await linesOfOneLife('info')).filter((line) => line.includes('"ready"'));
    const fields = JSON.parse(ready) as object;
    expect(fields).toMatchObject({
      ...{ msg: 'ready', node: 'n1', http: 'http://127.0.0.1:8080' },
      ...{ members: ['n1', 'n2'], partitions: 8 },
    });
    for (const name of Object.keys(fields)) expect(ready.split(`"${name}":`)).toHaveLength(2);
  });

  it.each(['warn', 'fatal', 'silent'])(
    'is written at the level %s too: who starts a node waits for it',
    async (level) => {
      const messages = (await linesOfOneLife(level)).map(
        (line) => (JSON.parse(line) as { msg: string }).msg,
      );
      expect(messages.filter((message) => message === 'ready')).toHaveLength(1);
      expect(messages).not.toContain('stopping');
    },
  );
});
