import { describe, expect, it } from '@jest/globals';
import { MetadError } from '@metad/contract';
import { partitionId } from '@metad/foundation';
import type { Outbound } from '../app/nats/inbound.js';
import { KINDS } from '../kinds/index.js';
import type { CommandExchange } from './command-exchange.js';
import { CommandService } from './command.service.js';

type Parts = ConstructorParameters<typeof CommandService>;

/** The way in of a node that leads everything, and the commands that got as far as its leader. */
function wayIn() {
  const routed: string[] = [];
  const router = {
    route: (namespace: string, command: string) => {
      routed.push(`${namespace}/${command}`);
      return { namespace, command, partition: partitionId(1) };
    },
    mustBelongTo: () => undefined,
  };
  const door = { kinds: KINDS, requestBytesMax: 4_096, meter: () => undefined };
  const proposer = {
    propose: (_routed: object, _body: Uint8Array, exchange: CommandExchange) =>
      exchange.fail(new MetadError('NO_LEADER', 'got as far as the leader')),
  };
  const parts = [router, { serves: () => true }, proposer, {}, door];
  return { service: new CommandService(...(parts as unknown as Parts)), routed };
}

const commandId = '01990000-0000-7000-8000-000000000001';
const bodyOf = (more: object) => Buffer.from(JSON.stringify({ commandId, data: {}, ...more }));
const errorOf = ({ payload }: Outbound) =>
  (JSON.parse(String(payload)) as { error: { code: string; message: string; details: unknown } })
    .error;

describe('a command for all namespaces', () => {
  const refusal = {
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('_all'),
    details: { faults: [{ field: 'namespace', reason: expect.stringContaining('_all') }] },
  };

  it.each([
    ['PlaceTenant', {}],
    ['RenewInstances', {}],
    ['PlaceTenant', { dryRun: true }],
    ['Batch', {}],
  ])('is refused, by whichever way it comes: %s %p', async (command, more) => {
    const { service, routed } = wayIn();
    expect(errorOf(await service.execute('_all', command, bodyOf(more)))).toMatchObject(refusal);
    const named = bodyOf({ ...more, namespace: '_all', command });
    const answered = new Promise<Outbound>((resolve) =>
      service.takeAsLeader(partitionId(1), named, { answer: resolve }),
    );
    expect(errorOf(await answered)).toMatchObject(refusal);
    expect(routed).toEqual([]);
  });

  it('is one for a namespace whose name only begins like that', () => {
    const { service, routed } = wayIn();
    for (const namespace of ['_alle', 'all', '_']) {
      service.take(namespace, 'PlaceTenant', bodyOf({}), { answer: () => undefined });
    }
    expect(routed).toEqual(['_alle/PlaceTenant', 'all/PlaceTenant', '_/PlaceTenant']);
  });
});
