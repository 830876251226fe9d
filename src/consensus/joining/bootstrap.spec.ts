import { describe, expect, it } from '@jest/globals';
import { judge, type Hello } from './bootstrap.js';

const hello = (node: string, fields: Partial<Hello> = {}): Hello => ({
  node,
  cluster: 'metad',
  members: ['n1', 'n2', 'n3'],
  partitions: 8,
  identity: `disk-of-${node}`,
  incarnation: null,
  registered: {},
  ...fields,
});

describe('a node with an empty disk', () => {
  it('begins a history with a majority of empty members', () => {
    expect(judge(hello('n1'), [hello('n2')], 2)).toEqual({ kind: 'begin' });
  });

  it('waits while it is alone', () => {
    expect(judge(hello('n1'), [], 2)).toBeNull();
  });

  it('never votes again when a peer knows a history in which its name has voted', () => {
    const registered = { n1: 'an-earlier-disk' };
    const heard = [hello('n2'), hello('n3', { incarnation: 'c7f3', registered })];
    expect(judge(hello('n1'), heard, 2)).toEqual({
      kind: 'forgotten',
      peer: 'n3',
      incarnation: 'c7f3',
    });
  });

  it('registers first where a history exists that has never heard of it', () => {
    const heard = [hello('n2', { incarnation: 'c7f3', registered: { n2: 'disk-of-n2' } })];
    expect(judge(hello('n1'), heard, 2)).toEqual({ kind: 'join', peer: 'n2' });
  });

  it('goes on when it was registered and stopped before it held anything', () => {
    const registered = { n1: 'disk-of-n1' };
    expect(judge(hello('n1'), [hello('n2', { incarnation: 'c7f3', registered })], 2)).toEqual({
      kind: 'begin',
    });
  });

  it.each([
    [{ cluster: 'other' }, 'METAD_CLUSTER is metad here and other there'],
    [{ members: ['n1', 'n2'] }, 'METAD_MEMBERS is n1,n2,n3 here and n1,n2 there'],
    [{ partitions: 16 }, 'METAD_PARTITIONS is 8 here and 16 there'],
  ])('refuses a peer that was configured otherwise, by name: %j', (fields, about) => {
    expect(judge(hello('n1'), [hello('n2', fields)], 2)).toEqual({
      kind: 'disagree',
      peer: 'n2',
      about,
    });
  });

  it('begins by itself when it is the only member', () => {
    expect(judge(hello('n1', { members: ['n1'] }), [], 1)).toEqual({ kind: 'begin' });
  });
});
