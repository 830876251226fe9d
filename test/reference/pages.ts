import { format, resolveConfig } from 'prettier';
import { configurationPage } from '../../src/app/settings/reference-page.js';
import { commandsPage } from './commands-page.js';
import { errorsPage } from './errors-page.js';
import { metactlPage } from './metactl-page.js';
import { metricsPage } from './metrics-page.js';

/** The pages of `docs/reference` that are made from the code, by file name, as they should be. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  const made: readonly [string, string][] = [
    ['commands.md', commandsPage()],
    ['configuration.md', configurationPage()],
    ['errors.md', errorsPage()],
    ['metactl.md', await metactlPage()],
    ['metrics.md', metricsPage()],
  ];
  const style = (await resolveConfig(`${process.cwd()}/docs/reference/x.md`)) ?? {};
  const formatted = made.map(
    async ([name, text]) => [name, await format(text, { ...style, parser: 'markdown' })] as const,
  );
  return new Map(await Promise.all(formatted));
}
