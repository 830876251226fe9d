import { Bookkeeping1790000000001 } from './1790000000001-bookkeeping.js';
import { Records1790000000002 } from './1790000000002-records.js';
import { History1790000000003 } from './1790000000003-history.js';
import { CheaperWrites1790000000004 } from './1790000000004-cheaper-writes.js';
import { Audit1790000000010 } from './1790000000010-audit.js';
import { WaitMilliseconds1790000000011 } from './1790000000011-wait-milliseconds.js';

/** In order, oldest first. Forward only; a released migration never changes. */
export const MIGRATIONS = [
  Bookkeeping1790000000001,
  Records1790000000002,
  History1790000000003,
  CheaperWrites1790000000004,
  Audit1790000000010,
  WaitMilliseconds1790000000011,
] as const;
