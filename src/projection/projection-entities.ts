import { KIND_ENTITIES } from '../kinds/read-side.js';
import { CheckpointEntity } from './checkpoint.entity.js';
import { HistoryEntity } from './history/history.entity.js';

/** Entities over the views: whoever reads through them never sees a version of a table. */
export const PROJECTION_ENTITIES = [...KIND_ENTITIES, HistoryEntity, CheckpointEntity];
