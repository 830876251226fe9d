import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Child, eventually } from './child.js';

export interface MetadNodeOptions {
  readonly name: string;
  readonly members: readonly string[];
  /** Where the log file and, unless `dataDirectory` says otherwise, the data lie. */
  readonly directory: string;
  readonly dataDirectory?: string;
  readonly natsUrl: string;
  /** Null: without SQL projections. */
  readonly databaseUrl: string | null;
  readonly partitions: number;
  readonly httpPort: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Flags of `node` itself, such as `--cpu-prof`. */
  readonly nodeFlags?: readonly string[];
}

/** One real node: the program that `metad serve` runs, configured by its environment. */
export class MetadNode {
  private child: Child | null = null;
  private kills = 0;

  constructor(readonly options: MetadNodeOptions) {
    mkdirSync(options.directory, { recursive: true });
  }

  get name(): string {
    return this.options.name;
  }

  get pid(): number {
    return this.child?.pid ?? -1;
  }

  get alive(): boolean {
    return this.child?.alive ?? false;
  }

  get logFile(): string {
    return join(this.options.directory, `${this.name}.log`);
  }

  /**
   * Resolves when the node says `ready`; rejects when it ends before by itself, or after
   * `timeoutMs`. When `end` was called meanwhile, that is what the caller wanted.
   */
  async start(timeoutMs = 60_000): Promise<void> {
    const { kills } = this;
    const from = this.launch();
    try {
      await this.ready(from, timeoutMs);
    } catch (error) {
      if (this.kills === kills) throw error;
    }
  }

  /** Starts the process; returns where its part of the log file begins. */
  launch(): number {
    const from = existsSync(this.logFile) ? statSync(this.logFile).size : 0;
    this.child = Child.start({
      command: process.execPath,
      args: [...(this.options.nodeFlags ?? []), join(packageRoot(), 'dist/src/main.js')],
      logFile: this.logFile,
      cwd: this.options.directory,
      env: this.environment(),
    });
    return from;
  }

  async ready(from: number, timeoutMs = 60_000): Promise<void> {
    const ended = this.child?.exited.then((code) => {
      throw new Error(`${this.name} ended with ${code} before it was ready: ${this.tail()}`);
    });
    const said = async (): Promise<boolean> => this.logSince(from).includes('"msg":"ready"');
    await Promise.race([ended, eventually(`${this.name} to be ready`, said, timeoutMs)]);
    ended?.catch(() => undefined); // It may end later, for other reasons.
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.signal(signal);
  }

  /** Resolves when the process is gone; what does not follow `signal` is killed. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.kills += 1;
    await this.child?.end(signal, 5_000);
  }

  async stop(): Promise<void> {
    this.signal('SIGCONT');
    await this.child?.end('SIGTERM', 15_000);
  }

  /** What the node logged from byte `from` on. */
  logSince(from: number): string {
    return readFileSync(this.logFile).subarray(from).toString('utf8');
  }

  tail(): string {
    return this.logSince(0).split('\n').slice(-6).join('\n');
  }

  private environment(): Record<string, string> {
    const { name, members, directory, natsUrl, databaseUrl, partitions, httpPort } = this.options;
    return {
      METAD_CLUSTER: 'test',
      METAD_NODE: name,
      METAD_MEMBERS: members.join(','),
      METAD_DATA_DIR: this.options.dataDirectory ?? join(directory, name),
      METAD_PARTITIONS: String(partitions),
      METAD_HTTP_PORT: String(httpPort),
      NATS_URL: natsUrl,
      DATABASE_URL: databaseUrl ?? '',
      DATABASE_SCHEMA: `metad_${name}`,
      NODE_ENV: 'production',
      ...this.options.environment,
    };
  }
}

/** The folder of package.json, whether this runs from source or from dist. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
