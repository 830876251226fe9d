#!/usr/bin/env node
/** The operator's command line. */
import { run } from './run.mjs';

await run('src/cli/metactl/main.js', 'if missing');
