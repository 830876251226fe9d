export { WatchModule } from './watch.module.js';
export { WatchService } from './watch.service.js';
export type { WatchSink } from './watch-ports.js';
export type { Watcher } from './session/watcher.js';
