import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { ClusterSnapshot } from '../../src/dashboard/cluster/snapshot.js';
import { openTestBroker } from '../fixtures/broker/test-broker.js';
import { openTestDatabase } from '../fixtures/test-database.js';
import { WholeCluster } from '../fixtures/whole-cluster.js';
import { accessibilityFaults } from './accessibility.js';
import { WatchedPage } from './browser.js';
import { Door } from './door.js';
import { fill, send, trickle } from './sample-records.js';
import { asOperator, tokens, writeTokensFile } from './tokens.js';

const VIEWS = ['overview', 'partitions', 'projections', 'commands', 'records'];
const resources = 400;
const partitions = 24;
const phone = { width: 360, height: 760 };
const screenshots = join(import.meta.dirname, '../../docs/screenshots');
/** `SCREENSHOTS=1 npm run test:browser` writes the pictures of the guide anew. */
const takesPictures = process.env['SCREENSHOTS'] === '1';

let cluster: WholeCluster;
let base: string;
let desk: WatchedPage;
let access: ReturnType<typeof writeTokensFile>;

beforeAll(async () => {
  // A name that reads well in the pictures; what keeps runs apart is the prefix.
  access = writeTokensFile();
  process.env['METAD_HTTP_TOKENS_FILE'] = access.file; // The launcher hands it to its nodes.
  const broker = { ...(await openTestBroker()), cluster: 'eu-west' };
  cluster = await WholeCluster.start(partitions, { broker, database: await openTestDatabase() });
  base = (/http=([^,\s]+)/.exec(cluster.launcher.text) ?? [])[1] ?? '';
  await fill(base, resources);
  await cluster.settled();
  desk = await WatchedPage.open(base);
}, 300_000);

afterAll(async () => {
  await desk.close();
  await cluster.stop();
  delete process.env['METAD_HTTP_TOKENS_FILE'];
  rmSync(access.folder, { recursive: true });
}, 300_000);

async function picture(page: Page, name: string): Promise<void> {
  if (!takesPictures) return;
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`) });
}

const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();

describe('the page', () => {
  it('comes whole from its node and shows the cluster live', async () => {
    const page = await desk.show('overview');
    await page.locator('h1', { hasText: 'Everything is in order' }).waitFor();
    expect(await page.locator('tbody >> nth=0 >> tr').count()).toBe(3);
    expect(await page.locator('.map .cell').count()).toBe(partitions + 1);
    // Something new must appear by itself.
    await send(base, 'PlaceTenant', { tenantId: 'newcomer', cell: 'us-1' });
    await page.locator('tr', { hasText: 'newcomer' }).waitFor();
    if (takesPictures) await trickle(base, 20_000);
    await picture(page, 'overview-light');
    expect(desk.faults).toEqual([]);
  });

  it('is served with a policy that lets nothing else in', async () => {
    const response = await fetch(`${base}/`);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    for (const path of ['../main.js', '%2e%2e/node/node-report.js', 'main.js.map', 'nothing']) {
      const found = await fetch(`${base}/dashboard/${path}`, { headers: asOperator });
      expect(found.status).toBe(404);
    }
  });

  it.each(['light', 'dark'] as const)('is accessible in %s, in every view', async (scheme) => {
    const { page } = desk;
    await page.emulateMedia({ colorScheme: scheme });
    for (const view of VIEWS) {
      await desk.show(view === 'records' ? 'records/resource/prod/acme%2Fdb-1' : view);
      await page.locator(view === 'records' ? '.timeline' : 'tbody tr >> nth=0').waitFor();
      expect([view, ...(await accessibilityFaults(page))]).toEqual([view]);
    }
    if (scheme === 'dark') {
      await desk.show('overview');
      await page.locator('.map').waitFor();
      await picture(page, 'overview-dark');
      await page.emulateMedia({ colorScheme: 'light' });
    }
  });

  it('fits a phone in every view, in both directions of its text', async () => {
    const { page } = desk;
    await page.setViewportSize(phone);
    for (const view of VIEWS) {
      await desk.show(view === 'records' ? 'records/resource/prod/acme%2Fdb-1' : view);
      await page.locator(view === 'records' ? '.timeline' : 'tbody tr >> nth=0').waitFor();
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect([view, width]).toEqual([view, phone.width]);
      await picture(page, `phone-${view}`);
    }
    await page.setViewportSize({ width: 1360, height: 900 });
  });

  it('keeps the theme that was chosen', async () => {
    const page = await desk.show('overview');
    await page.getByRole('button', { name: 'Theme: system' }).click();
    await page.getByRole('button', { name: 'Theme: light' }).click();
    await page.reload();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
    await page.getByRole('button', { name: 'Theme: dark' }).click();
  });
});

describe('a record', () => {
  it('is found by its name, with its history and what each version changed', async () => {
    const page = await desk.show('records');
    await page.getByLabel('Namespace').fill('prod');
    await page.getByLabel('Id', { exact: true }).fill('acme/db-1');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.locator('.timeline').waitFor();
    const marks = await page.locator('.moment-mark b').allInnerTexts();
    expect(marks).toEqual(['3', '2', '1']);
    const second = page.locator('.moment', { hasText: 'scheduler' }).first();
    expect(await second.locator('tr', { hasText: 'labels.zone' }).innerText()).toContain('eu-1b');
    await page.getByLabel('Earlier version').selectOption({ label: 'version 1' });
    await page.locator('h3', { hasText: 'From version 1 to version 3' }).waitFor();
    expect(await text(page, '.record .panel.block')).toContain('worker-17');
    await picture(page, 'record');
  });

  it('is found by a filter', async () => {
    const page = await desk.show('records');
    await page.getByLabel('Id', { exact: true }).fill('');
    await page.getByLabel('Or list where').selectOption('owner');
    await page.getByLabel('Equals').fill('worker-17');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByRole('link', { name: 'acme/db-1' }).click();
    await page.locator('.timeline').waitFor();
  });

  it('that is not there is said not to be', async () => {
    const page = await desk.show('records/tenant/prod/nobody');
    await page.getByText('No tenant nobody in prod').waitFor();
  });
});

describe('commands', () => {
  it('are listed with what refused them', async () => {
    const page = await desk.show('commands');
    await page.getByLabel('Outcome').selectOption('refused');
    const row = page.locator('tbody tr', { hasText: 'VERSION_CONFLICT' }).first();
    expect(await row.innerText()).toContain('AssignResource');
    await page.getByLabel('Outcome').selectOption('all');
    await picture(page, 'commands');
  });
});

describe('a rebuild', () => {
  it('is begun, paused, resumed and seen to its end by keyboard alone', async () => {
    const page = await desk.show('projections');
    await page.reload();
    await page.locator('tbody tr').first().waitFor();
    const { keyboard } = page;
    const focused = (): Promise<string> =>
      page.evaluate(() => {
        const { activeElement: at } = document;
        return at?.getAttribute('aria-label') ?? at?.textContent ?? '';
      });
    const tabTo = async (name: string): Promise<void> => {
      for (let steps = 0; steps < 80; steps += 1) {
        if ((await focused()).startsWith(name)) return;
        await keyboard.press('Tab');
      }
      throw new Error(`the keyboard never came to ${name}`);
    };
    await keyboard.press('Tab');
    expect(await focused()).toBe('Skip to content');
    await keyboard.press('Enter');
    await tabTo('Actions for resource on n2');
    await keyboard.press('Enter');
    await tabTo('Rebuild');
    await keyboard.press('Escape');
    expect(await focused()).toBe('Actions for resource on n2');
    await keyboard.press('Enter');
    await tabTo('Rebuild');
    await keyboard.press('Enter');
    await page.getByLabel('At most, rows per second').waitFor();
    await page.getByLabel('At most, rows per second').focus();
    await keyboard.type('60');
    await keyboard.press('Enter');
    const title = 'Rebuild of resource on n2';
    await page.getByRole('article', { name: title }).waitFor();
    await page.waitForFunction(() => {
      const share = document.querySelector('.job .bar')?.getAttribute('aria-valuenow');
      return Number(share) > 20;
    });
    await page
      .locator('.job-figures')
      .getByText(/^[1-9]\d*(\.\d)?\/s$/)
      .waitFor();
    await picture(page, 'rebuild');
    await tabTo(`Pause: ${title}`);
    await keyboard.press('Enter');
    await page.locator('.job .pill', { hasText: 'Paused' }).waitFor();
    await tabTo(`Resume: ${title}`);
    await keyboard.press('Enter');
    await page.locator('tbody tr', { hasText: 'Rebuild of resource' }).waitFor();
    const row = page.locator('tbody tr', { hasText: 'Rebuild of resource' });
    expect(await row.innerText()).toMatch(/n2[^]*Done[^]*Equal/);
    await page
      .locator('tr', { hasText: /n2[^]*Proved equal/ })
      .first()
      .waitFor();
  });

  it('can be cancelled, after being asked', async () => {
    const page = await desk.show('projections');
    await page.getByRole('button', { name: 'Actions for history on n3' }).click();
    await page.getByRole('button', { name: /^Rebuild/ }).click();
    await page.getByLabel('At most, rows per second').fill('20');
    await page.getByRole('button', { name: 'Rebuild', exact: true }).click();
    await page.getByRole('button', { name: 'Cancel: Rebuild of history on n3' }).click();
    await page.getByRole('button', { name: 'Cancel the job' }).click();
    await page.locator('tbody tr', { hasText: /Rebuild of history[^]*Cancelled/ }).waitFor();
  });
});

describe('many partitions', () => {
  it('are paged and filtered, those in trouble first', async () => {
    const many = await WatchedPage.open(base);
    const snapshot = await manyPartitions(1_024);
    const body = `event: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`;
    await many.page.route('**/stream', (route) =>
      route.fulfill({ body, contentType: 'text/event-stream' }),
    );
    await many.page.goto(`${base}/#/partitions`);
    const { page } = many;
    await page.locator('tbody tr').first().waitFor();
    expect(await page.locator('tbody tr').count()).toBe(50);
    expect(await page.locator('tbody th').first().innerText()).toBe('777');
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('51–100 of 1,024').waitFor();
    await page.getByLabel('Only those in trouble').check();
    expect(await page.locator('tbody tr').count()).toBe(1);
    await page.getByLabel('Only those in trouble').uncheck();
    await page.getByLabel('Filter').fill('102');
    expect(await page.locator('tbody th').allInnerTexts()).toEqual([
      '102',
      ...[0, 1, 2, 3].map((at) => `102${at}`),
    ]);
    await many.close();
  });
});

/** What the cluster really said, with its last partition over and over. */
async function manyPartitions(count: number): Promise<ClusterSnapshot> {
  const abort = new AbortController();
  const response = await fetch(`${base}/api/v1/admin/dashboard/stream`, {
    signal: abort.signal,
    headers: asOperator,
  });
  let all = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    all += decoder.decode(chunk, { stream: true });
    if (all.includes('\n\n')) break;
  }
  abort.abort();
  const snapshot = JSON.parse(all.slice(all.indexOf('{'), all.indexOf('\n\n'))) as ClusterSnapshot;
  const model = snapshot.partitions.at(-1);
  if (model === undefined) throw new Error('the cluster has no partitions');
  const views = Array.from({ length: count }, (_, partition) => ({
    ...model,
    partition,
    ...(partition === 777 && { leader: null, problems: ['no-leader' as const] }),
  }));
  return { ...snapshot, partitions: views };
}

describe('a token', () => {
  it('is asked for by a node that wants one, and held for the tab alone', async () => {
    const guest = await WatchedPage.open(base, { token: '' });
    const { page } = guest;
    await page.goto(base);
    await page.getByRole('dialog', { name: 'Access token' }).waitFor();
    await page.getByText('No access since').waitFor();
    await page.getByLabel('Token', { exact: true }).fill(tokens.reader);
    await picture(page, 'token');
    await page.getByRole('button', { name: 'Use token' }).click();
    await page.locator('#link', { hasText: 'Live' }).waitFor();
    await page.reload();
    await page.locator('#link', { hasText: 'Live' }).waitFor();
    expect(await page.evaluate(() => localStorage.getItem('metad-token'))).toBeNull();
    await guest.close();
  });

  it('of a reader looks, and is not enough to act', async () => {
    const reader = await WatchedPage.open(base, { token: tokens.reader });
    const page = await reader.show('projections');
    await page.getByRole('button', { name: 'Actions for tenant on n3' }).click();
    await page.getByRole('button', { name: /^Verify/ }).click();
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    await page.getByRole('dialog', { name: 'Access token' }).waitFor();
    await page.getByLabel('Token', { exact: true }).fill(tokens.operator);
    await page.getByRole('button', { name: 'Replace token' }).click();
    // What was refused stands there still, and may now be done.
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    await page
      .locator('tbody tr', { hasText: /Verification of tenant[^]*Done[^]*Equal/ })
      .waitFor();
    await reader.close();
  });
});

describe('a failure', () => {
  it('of a node is seen at once, and its partitions move', async () => {
    const page = await desk.show('overview');
    const victim = (await leadersOtherThan('n1')) ?? 'n2';
    await cluster.kill(victim);
    await page.locator('h1', { hasText: `${victim} is down` }).waitFor();
    await page.locator('tr', { hasText: `${victim}Down for` }).waitFor();
    await page
      .locator('h1', { hasText: `${victim} is down; every partition still has a leader` })
      .waitFor();
    await picture(page, 'failover');
    await page.locator('h1', { hasText: 'Everything is in order' }).waitFor({ timeout: 45_000 });
  });

  it('of the connection is said with its time, and mends itself', async () => {
    const door = await Door.open(base);
    const visitor = await WatchedPage.open(door.url);
    const page = await visitor.show('overview');
    await page.locator('.tiles').waitFor();
    await door.shut();
    const banner = page.getByText(/Disconnected since \d\d:\d\d:\d\d/);
    await banner.waitFor();
    expect(await page.locator('.tiles').count()).toBe(1);
    await picture(page, 'disconnected');
    await door.reopen();
    await page.locator('#link', { hasText: 'Live' }).waitFor();
    expect(await banner.count()).toBe(0);
    await visitor.close();
    await door.shut();
  });
});

async function leadersOtherThan(node: string): Promise<string | undefined> {
  const all = await cluster.partitions('n1');
  return all.map(({ leader }) => leader ?? node).find((leader) => leader !== node);
}
