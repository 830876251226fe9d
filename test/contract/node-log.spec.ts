import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedDisk } from '@metad/raft/testing';
import { openNodeLog } from '../../libs/raft/src/storage/log/open-node-log.js';
import type { NodeLogOptions } from '../../libs/raft/src/storage/log/open-node-log.js';
import {
  MemoryLogContent,
  MemoryNodeLog,
} from '../../libs/raft/src/storage/memory/memory-node-log.js';
import { describeNodeLog } from './node-log.suite.js';
import { stillClock } from './still-clock.js';

const identity = { cluster: 'c', node: 'n1', clock: stillClock };

/** Small segments, so that histories rotate often; a small tail, so that reads go to the disk. */
const small: Partial<NodeLogOptions> = { segmentBytes: 4096, tailBytesMax: 3000 };

describeNodeLog('real', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'metad-log-'));
  return {
    open: () => openNodeLog({ directory, ...identity, ...small }),
    dispose: () => rm(directory, { recursive: true }),
  };
});

describeNodeLog('default-sized real', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'metad-log-'));
  return {
    open: () => openNodeLog({ directory, ...identity, segmentBytes: 1 << 20 }),
    dispose: () => rm(directory, { recursive: true }),
  };
});

describeNodeLog('simulated', async () => {
  const fileSystem = new SimulatedDisk({ clock: stillClock, seed: 1 });
  return {
    open: () => openNodeLog({ directory: '/n1', ...identity, ...small, fileSystem }),
    dispose: async () => undefined,
  };
});

describeNodeLog('memory', async () => {
  const content = new MemoryLogContent();
  return {
    open: async () => new MemoryNodeLog(content),
    dispose: async () => undefined,
  };
});
