import { beforeEach, describe, expect, it } from '@jest/globals';
import { WatchedLog } from './testing/watched-log.js';
import { WatchedNode } from './testing/watched-node.js';

let log: WatchedLog;
let node: WatchedNode;

beforeEach(() => {
  log = new WatchedLog(2);
  node = new WatchedNode(log);
  for (let at = 1; at <= 6; at += 1) {
    log.append(1, { key: `a${at}`, value: { node: `n${at % 2}` } });
    log.append(2, { key: `b${at}`, value: { node: 'n0' }, namespace: 'test' });
  }
});

const ask = async (request: object, namespace = 'prod') => {
  const { items = [], position, cursor } = await node.catchup.execute(namespace, request);
  return { ids: items.map((item) => item['id']), position, cursor };
};

describe('Catchup', () => {
  it('gives what came after a position, and where to go on', async () => {
    expect(await ask({ params: { after: 'm1.aa.1.4,m1.aa.2.6' } })).toEqual({
      ids: ['a5', 'a6'],
      position: 'm1.aa.1.6,m1.aa.2.6',
      cursor: undefined,
    });
  });

  it('comes in pages that leave nothing out', async () => {
    const ids: unknown[] = [];
    let cursor: string | undefined = 'm1.aa.1.0,m1.aa.2.0';
    while (cursor !== undefined) {
      const page = await ask({ params: {}, limit: 2, cursor }, '_all');
      ids.push(...page.ids);
      cursor = page.cursor;
    }
    expect(ids).toEqual(
      [1, 2, 3, 4, 5, 6].map((at) => `a${at}`).concat([1, 2, 3, 4, 5, 6].map((at) => `b${at}`)),
    );
  });

  it('filters like a watch', async () => {
    const after = 'm1.aa.1.0,m1.aa.2.0';
    expect((await ask({ params: { after, filter: { node: 'n1' } } })).ids).toEqual([
      'a1',
      'a3',
      'a5',
    ]);
  });

  it.each([
    [{ params: {} }, 'INVALID_ARGUMENT'],
    [{ params: { after: 'yesterday' } }, 'INVALID_ARGUMENT'],
    [{ params: { after: 'm1.bb.1.1' } }, 'INCARNATION_CHANGED'],
    [{ params: { after: 'm1.aa.1.1' } }, 'POSITION_COMPACTED'],
  ])('refuses %j with %s', async (request, code) => {
    log.compact(1, 3);
    await expect(node.catchup.execute('prod', request)).rejects.toMatchObject({ code });
  });

  it('names the first position that can still be read', async () => {
    log.compact(1, 3);
    const refused = node.catchup.execute('prod', { params: { after: 'm1.aa.1.1,m1.aa.2.6' } });
    const details = { partition: 1, available: 'm1.aa.1.3' };
    await expect(refused).rejects.toMatchObject({ code: 'POSITION_COMPACTED', details });
    expect((await ask({ params: { after: 'm1.aa.1.3,m1.aa.2.6' } })).ids).toEqual([
      'a4',
      'a5',
      'a6',
    ]);
  });
});
