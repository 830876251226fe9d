#!/usr/bin/env node
/** `npm start`: a whole cluster on this machine. */
import { run } from './run.mjs';

await run('src/cli/launcher/main.js', 'always');
