/** Default limits; each can be configured, and an error at a limit names it. */
export const LIMITS = {
  requestBytesMax: 256 * 1024,
  recordBytesMax: 64 * 1024,
  keyBytesMax: 512,
  labelsMax: 64,
  labelBytesMax: 256,
  inFlightPerPartitionMax: 4_096,
  inFlightPerNodeMax: 16_384,
  batchCommandsMax: 128,
  pageItemsMax: 1_000,
  pageBytesMax: 512 * 1024,
  deduplicationWindowMs: 24 * 3_600_000,
} as const;
