import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NODE_FLAGS } from '../../../src/cli/launcher/node-process.js';
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
  /** Size of the log file at the last launch. */
  private launchedAt = 0;
  private expectedToEnd = false;

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

  /** Resolves when the node says `ready`; rejects when it ends before, or after `timeoutMs`. */
  async start(timeoutMs = 60_000): Promise<void> {
    this.launch();
    await this.ready(timeoutMs);
  }

  /** Starts the process and does not wait: it may not become ready while a fault lasts. */
  launch(): void {
    this.launchedAt = existsSync(this.logFile) ? statSync(this.logFile).size : 0;
    this.expectedToEnd = false;
    this.child = Child.start({
      command: process.execPath,
      args: [
        ...NODE_FLAGS,
        ...(this.options.nodeFlags ?? []),
        join(packageRoot(), 'dist/src/main.js'),
      ],
      logFile: this.logFile,
      cwd: this.options.directory,
      env: this.environment(),
    });
  }

  /** Since its last launch. */
  async ready(timeoutMs = 60_000): Promise<void> {
    const ended = this.child?.exited.then((code) => {
      throw new Error(`${this.name} ended with ${code} before it was ready: ${this.tail()}`);
    });
    const said = async (): Promise<boolean> =>
      this.logSince(this.launchedAt).includes('"msg":"ready"');
    await Promise.race([ended, eventually(`${this.name} to be ready`, said, timeoutMs)]);
    ended?.catch(() => undefined); // It may end later, for other reasons.
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.signal(signal);
  }

  /** True when the process ended and nobody had told it to. */
  get endedByItself(): boolean {
    return this.child !== null && !this.child.alive && !this.expectedToEnd;
  }

  /** Resolves when the process is gone; what does not follow `signal` is killed. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.expectedToEnd = true;
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
