export {
  MetadataClientModule,
  InjectMetadataClient,
  METADATA_CLIENT,
} from './metadata-client.module.js';
export type {
  MetadataClientOptions,
  MetadataClientAsyncOptions,
  MetadataClientRoot,
} from './metadata-client.module.js';
