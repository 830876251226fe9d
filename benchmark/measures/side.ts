import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadPlan, LoadResult } from '../load/load-plan.js';
import { LoadProcess } from '../load/load-process.js';
import type { ClientKind, PeerServers } from '../peers/peer.js';

/** One of the things compared: its servers and a load process of its own. */
export class Side {
  private constructor(
    readonly label: string,
    readonly servers: PeerServers,
    private readonly load: LoadProcess,
  ) {}

  static async start(
    label: string,
    root: string,
    start: (directory: string) => Promise<PeerServers>,
    client: ClientKind = 'lean',
  ): Promise<Side> {
    const directory = join(root, label);
    mkdirSync(directory, { recursive: true });
    const servers = await start(directory);
    return new Side(label, servers, await LoadProcess.start({ ...servers.address, client }));
  }

  run(plan: Omit<LoadPlan, 'serverPids'>): Promise<LoadResult> {
    return this.load.run({ ...plan, serverPids: this.servers.pids() });
  }

  async stop(): Promise<void> {
    await this.load.stop();
    await this.servers.stop();
  }
}

/** A folder of this run for one thing's data. */
export function ensureFolder({ directory }: { readonly directory: string }, name: string): string {
  const folder = join(directory, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}
