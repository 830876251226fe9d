import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { COMMANDS } from './kind-commands.js';
import type { KindModel } from './kind-model.js';
import { ModelRun, stepsOf } from './model-run.js';
import { PlacementModel } from './placement.model.js';
import { RoutingTableModel } from './routing-table.model.js';
import { ServiceInstanceModel } from './service-instance.model.js';
import { ShardMapModel } from './shard-map.model.js';

// `METAD_PROPERTY_RUNS=10000 METAD_PROPERTY_SEED=1 npm run jest -- test/property` for the long run.
const numRuns = Number(process.env['METAD_PROPERTY_RUNS'] ?? 4_000);
const given = process.env['METAD_PROPERTY_SEED'];
const seed = given === undefined ? 20_261_122 : Number(given);

const MODELS: Readonly<Record<string, () => KindModel>> = {
  tenant: () => new PlacementModel(),
  resource: () => new PlacementModel(),
  instance: () => new ServiceInstanceModel(),
  'shard-map': () => new ShardMapModel(),
  'routing-table': () => new RoutingTableModel(),
};

describe.each(Object.keys(MODELS))('the kind %s', (kind) => {
  it('answers as its model does, and every replay and image gives the same state', async () => {
    const steps = stepsOf(COMMANDS[kind] as NonNullable<(typeof COMMANDS)[string]>);
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(100), async (taken, cut) => {
        const run = new ModelRun((MODELS[kind] as () => KindModel)());
        for (const step of taken) run.take(step);
        await run.finish(cut);
      }),
      { numRuns, seed },
    );
  }, 900_000);
});
