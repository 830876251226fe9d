import { register } from 'node:module';
import { MUTATIONS } from './mutations.js';

/** Loaded into a node with `--import`; METAD_PLANT names what is planted. */
const plant = process.env['METAD_PLANT'];
if (plant !== undefined && plant in MUTATIONS) {
  register('./mutation-loader.js', import.meta.url, { data: { plant } });
}
