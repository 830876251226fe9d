import { KIND_QUERIES } from '../kinds/read-side.js';
import { QueryCatalog } from './query-catalog.js';
import { SHARED_QUERIES } from './shared-queries.js';

/** Every query of the service: those of the kinds, and those that span kinds. */
export const ALL_QUERIES = new QueryCatalog([
  ...KIND_QUERIES.flatMap((kind) => kind.queries),
  ...SHARED_QUERIES,
]);
