import 'reflect-metadata';
import { CommandFactory } from 'nest-commander';
import { exitCodeOf } from './exit-code.js';
import { MetactlModule } from './metactl.module.js';
import { errorText } from './output/error-text.js';

/** A reader that has seen enough (`metactl … | head`) is no fault of ours. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

await CommandFactory.run(MetactlModule, {
  logger: false,
  cliName: 'metactl',
  serviceErrorHandler: (error) => {
    process.stderr.write(`metactl: ${errorText(error)}\n`);
    process.exitCode = exitCodeOf(error);
  },
});
