import { describe, expect, it } from '@jest/globals';
import type { MetadError } from '@metad/contract';
import { partitionId } from '@metad/foundation';
import { KINDS, checkCommand } from '../kinds/index.js';
import type { CommandExchange } from './command-exchange.js';
import { CommandProposer } from './command-proposer.js';

type Parts = ConstructorParameters<typeof CommandProposer>;

/** A proposer on a node whose disk is nearly full, and the commands that reached its log. */
function onFullDisk() {
  const submitted: string[] = [];
  const consensus = {
    submit: (_partition: number, _entry: Uint8Array, _observer: object, { request }: Request) =>
      submitted.push(request.commandId),
    termOf: () => 1,
  };
  const directory = { cluster: () => ({ incarnation: 'aa', featureLevel: 2 }) };
  const parts = [
    consensus,
    directory,
    {},
    KINDS,
    { stamp: () => 0 },
    { isStorageFull: () => true },
  ];
  const proposer = new CommandProposer(...(parts as unknown as Parts));
  const exchange = { begin: () => undefined, trace: null } as unknown as CommandExchange;
  const propose = (command: string, data: Record<string, unknown>): void => {
    const request = { commandId: command, data };
    const checked = checkCommand(KINDS, 'prod', command, request, () => 1);
    const routed = { namespace: 'prod', command, request, partition: partitionId(1), checked };
    proposer.propose(routed, Buffer.from(JSON.stringify(request)), exchange);
  };
  return { propose, submitted };
}

interface Request {
  readonly request: { readonly commandId: string };
}

const resource = { tenantId: 'acme', resourceId: 'db-1' };

describe('on a nearly full disk', () => {
  it('commands that add are refused with STORAGE_FULL, surely without effect', () => {
    const { propose, submitted } = onFullDisk();
    let error: unknown;
    try {
      propose('AssignResource', { ...resource, node: 'node-a' });
    } catch (thrown) {
      error = thrown;
    }
    expect((error as MetadError).toBody()).toMatchObject({
      error: {
        ...{ code: 'STORAGE_FULL', status: 503, definite: true, retryable: true },
        details: { partition: 1, retryAfterMs: 100 },
      },
    });
    expect(submitted).toEqual([]);
  });

  it('removals are taken: they make room', () => {
    const { propose, submitted } = onFullDisk();
    propose('ReleaseResource', resource);
    expect(submitted).toEqual(['ReleaseResource']);
  });
});
