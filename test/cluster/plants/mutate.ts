import { register } from 'node:module';

/** Loaded into a node with `--import`; METAD_PLANT names what is planted. */
const plant = process.env['METAD_PLANT'];
if (plant !== undefined && plant !== 'no-fsync') {
  register('./mutation-loader.js', import.meta.url, { data: { plant } });
}
