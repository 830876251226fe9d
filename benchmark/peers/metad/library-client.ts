import { MetadClient } from '@metad/client';
import type { Done, PeerAddress, PeerClient } from '../peer.js';
import { namespace, tenantOf } from './client.js';

/** As a service uses metad: `@metad/client` with its types, retries, positions and promises. */
export async function connectMetadLibrary(address: PeerAddress): Promise<PeerClient> {
  const client = await MetadClient.connect({ namespace, servers: address.endpoints });
  const put = (record: number, value: string, done: Done): void => {
    const data = {
      ...{ tenantId: tenantOf(record), resourceId: `r${record}`, node: 'node-1' },
      labels: { value },
    };
    settle(client.command('AssignResource', data), done);
  };
  return {
    insert: put,
    put,
    get: (record, done) => {
      const params = { tenantId: tenantOf(record), resourceId: `r${record}` };
      settle(client.query('GetResource', params, { consistency: 'linearizable' }), done);
    },
    close: () => client.close(),
  };
}

function settle(answer: Promise<unknown>, done: Done): void {
  answer.then(
    () => done(null),
    (error: unknown) => done(error as Error),
  );
}
