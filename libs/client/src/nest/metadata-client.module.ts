import {
  Inject,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { ClientOptions } from '../client-options.js';
import { MetadClient } from '../metad-client.js';
import type { OpenOptions } from '../wire/open-connection.js';
import type { WireConnection } from '../wire/wire-connection.js';

/** Either where to connect to, or a `connection` that the application owns and closes. */
export type MetadataClientOptions = ClientOptions &
  OpenOptions & {
    readonly connection?: WireConnection;
  };

export interface MetadataClientRoot {
  /** Makes the client injectable everywhere; default true. */
  readonly global?: boolean;
}

export interface MetadataClientAsyncOptions extends MetadataClientRoot {
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (
    ...dependencies: never[]
  ) => MetadataClientOptions | Promise<MetadataClientOptions>;
}

/** The token behind `@InjectMetadataClient()`, for tests that put something in its place. */
export const METADATA_CLIENT = Symbol('MetadClient');

/** Injects the client that `MetadataClientModule` made. */
export const InjectMetadataClient = (): ParameterDecorator & PropertyDecorator =>
  Inject(METADATA_CLIENT);

/** A client for a Nest application: connected before it starts, closed when it shuts down. */
@Module({})
export class MetadataClientModule implements OnApplicationShutdown {
  constructor(@Inject(METADATA_CLIENT) private readonly client: MetadClient) {}

  static forRoot(options: MetadataClientOptions & MetadataClientRoot): DynamicModule {
    return this.forRootAsync({
      useFactory: () => options,
      ...(options.global !== undefined && { global: options.global }),
    });
  }

  static forRootAsync(options: MetadataClientAsyncOptions): DynamicModule {
    const { imports = [], inject = [], useFactory, global = true } = options;
    const provider: FactoryProvider<MetadClient> = {
      provide: METADATA_CLIENT,
      inject,
      useFactory: async (...dependencies: unknown[]) =>
        open(await useFactory(...(dependencies as never[]))),
    };
    const exports = [METADATA_CLIENT];
    return { module: MetadataClientModule, global, imports, providers: [provider], exports };
  }

  /** Needs `app.enableShutdownHooks()` to run on signals. */
  async onApplicationShutdown(): Promise<void> {
    await this.client.close();
  }
}

function open(options: MetadataClientOptions): Promise<MetadClient> {
  const { connection } = options;
  return connection === undefined
    ? MetadClient.connect(options)
    : MetadClient.over(connection, options);
}
