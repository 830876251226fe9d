import { describe, expect, it } from '@jest/globals';
import { logIndex, logTime, nodeName, term } from '@metad/foundation';
import { bootstrapMap } from '@metad/partition';
import { encodeSystem } from '../command-codec.js';
import { NO_MEMBERS } from '../testing/machine-log.js';
import { SystemMachine } from './system-machine.js';
import type { SystemCommand, SystemState } from './system-state.js';

const members = ['n1', 'n2', 'n3'].map(nodeName);
const map = bootstrapMap({ members, partitions: 4, replicas: 3 }).data;
const begin: SystemCommand = {
  type: 'InitCluster',
  clusterId: 'metad',
  incarnation: 'c7f3',
  members,
  map,
};

function newCluster() {
  const seen: SystemState[] = [];
  const machine = new SystemMachine((state) => seen.push(state));
  let index = 0;
  const send = (command: SystemCommand) => {
    index += 1;
    const data = encodeSystem({ time: logTime(1_000), level: 1 }, command);
    const entry = { index: logIndex(index), term: term(1), kind: 'command', data, change: null };
    return machine.apply(entry as never, undefined);
  };
  return { machine, send, seen };
}

describe('partition 0', () => {
  it('begins a cluster once', () => {
    const { machine, send } = newCluster();
    expect(machine.state()).toBeNull();
    expect(send(begin)).toEqual({ accepted: true, changed: true });
    expect(send({ ...begin, incarnation: 'ffff' })).toMatchObject({ rule: 'cluster-begins-once' });
    expect(machine.state()?.incarnation).toBe('c7f3');
  });

  it('refuses everything before that', () => {
    const { send } = newCluster();
    expect(send({ type: 'RegisterNode', node: 'n1', identity: 'a' })).toMatchObject({
      rule: 'cluster-exists',
    });
  });

  it('binds a name to the first disk that it came with, until the member is removed', () => {
    const { machine, send } = newCluster();
    send({ ...begin, map: { ...map, partitions: [] } });
    send({ type: 'RegisterNode', node: 'n1', identity: 'a' });
    expect(send({ type: 'RegisterNode', node: 'n1', identity: 'a' })).toMatchObject({
      changed: false,
    });
    expect(send({ type: 'RegisterNode', node: 'n1', identity: 'b' })).toMatchObject({
      rule: 'node-has-one-disk',
    });
    send({ type: 'RemoveMember', node: 'n1' });
    expect(send({ type: 'RegisterNode', node: 'n1', identity: 'b' })).toMatchObject({
      accepted: true,
    });
    expect(machine.state()?.members.map(({ node }) => node)).toEqual(['n2', 'n3']);
  });

  it('keeps a member that holds replicas, and its last voter', () => {
    const { send } = newCluster();
    send(begin);
    expect(send({ type: 'RemoveMember', node: 'n1' })).toMatchObject({
      rule: 'member-holds-nothing',
    });
    send({ type: 'SetMember', node: 'n1', role: 'learner' });
    send({ type: 'SetMember', node: 'n2', role: 'leaving' });
    expect(send({ type: 'SetMember', node: 'n3', role: 'learner' })).toMatchObject({
      rule: 'cluster-keeps-a-voter',
    });
  });

  it('lets one of two map changes win that were made from the same map', () => {
    const { machine, send } = newCluster();
    send(begin);
    const first = { ...map, generation: 2, partitions: map.partitions.slice(1) };
    const second = { ...map, generation: 2, partitions: map.partitions.slice(2) };
    expect(send({ type: 'ReplaceMap', from: 1, map: first })).toMatchObject({ changed: true });
    expect(send({ type: 'ReplaceMap', from: 1, map: first })).toMatchObject({ changed: false });
    expect(send({ type: 'ReplaceMap', from: 1, map: second })).toMatchObject({
      rule: 'map-moves-on',
    });
    expect(machine.state()?.map).toEqual(first);
  });

  it('stops instead of misreading a feature level that it does not know', () => {
    const { send } = newCluster();
    send(begin);
    expect(() => send({ type: 'RaiseFeatureLevel', level: 99 })).toThrow(/upgrade this node/);
  });

  it('is the same after an image, and says so to its listener', async () => {
    const { machine, send } = newCluster();
    send(begin);
    send({ type: 'BeginIncarnation', from: 'c7f3', incarnation: 'd001' });
    const seen: SystemState[] = [];
    const copy = new SystemMachine((state) => seen.push(state));
    const image = machine.capture();
    await copy.restore({ index: image.index, term: term(1), conf: NO_MEMBERS }, image.chunks());
    image.release();
    expect(copy.digest()).toBe(machine.digest());
    expect(seen).toEqual([machine.state()]);
  });
});
