/**
 * Rules and entry formats are versioned by one number, the feature level. It stands in every entry,
 * so that an old entry replays under the rules it was written under; partition 0 says which level
 * new entries carry, and it is raised only when every member knows it.
 *
 * | level | what it brought |
 * | --- | --- |
 * | 1 | the five kinds, batches, leases |
 * | 2 | a command id of version 7 that is older than what is remembered is refused, not run again |
 */
export const FEATURE_LEVEL_MAX = 2;
