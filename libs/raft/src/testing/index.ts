export { SimulatedDisk, PowerLoss } from './simulated-disk.js';
export type { SimulatedDiskOptions } from './simulated-disk.js';
