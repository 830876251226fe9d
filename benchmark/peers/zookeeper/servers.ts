import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child, listening } from '../../../test/cluster/process/child.js';
import type { PeerOptions, PeerServers } from '../peer.js';
import { installedVersion } from '../version.js';

const clientPorts = [20510, 20511, 20512];
const quorumPorts = [20513, 20514, 20515];
const electionPorts = [20516, 20517, 20518];

/** Three ZooKeeper servers with the defaults of Debian's package and 1 GiB of heap each. */
export async function startZookeeper(options: PeerOptions): Promise<PeerServers> {
  const servers = clientPorts.map((_, at) => launch(at, options.directory));
  // They open the client port early but serve it only when a leader is elected.
  await Promise.all(
    servers.map((server, at) => listening(clientPorts[at] as number, server, 40_000)),
  );
  await sleep(2_000);
  return {
    name: 'zookeeper',
    address: { peer: 'zookeeper', endpoints: clientPorts.map(String) },
    version: `ZooKeeper ${installedVersion('zookeeper')}`,
    guarantees: {
      put: 'fsynced by two of three servers',
      get: 'sync, then get: linearizable but for a leader that does not know it is deposed',
    },
    pids: () => servers.map((server) => server.pid),
    stop: async () => void (await Promise.all(servers.map((server) => server.end()))),
  };
}

function launch(at: number, directory: string): Child {
  const home = join(directory, `z${at + 1}`);
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'myid'), `${at + 1}\n`);
  const members = quorumPorts.map(
    (port, i) => `server.${i + 1}=127.0.0.1:${port}:${electionPorts[i]}`,
  );
  const settings = [
    'tickTime=2000',
    'initLimit=10',
    'syncLimit=5',
    `dataDir=${home}`,
    `clientPort=${clientPorts[at]}`,
    'clientPortAddress=127.0.0.1',
    'admin.enableServer=false',
    ...members,
  ];
  const config = join(home, 'zoo.cfg');
  writeFileSync(config, `${settings.join('\n')}\n`);
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  return Child.start({
    command: 'java',
    args: ['-Xmx1g', '-cp', '/usr/share/java/zookeeper.jar', main, config],
    logFile: join(home, 'out.log'),
  });
}
