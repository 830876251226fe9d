import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokens } from './tokens.js';
import { chromium, type BrowserContext, type Page } from 'playwright-core';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];
const desktop = { width: 1360, height: 900 };

export interface PageOptions {
  readonly scheme?: 'light' | 'dark';
  /** Held from the start; default the operator's, '' for none. */
  readonly token?: string;
  readonly size?: { readonly width: number; readonly height: number };
}

/** One page in a browser of its own, and everything that went wrong in it. */
export class WatchedPage {
  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    private readonly folder: string,
    private readonly base: string,
    readonly faults: string[],
  ) {}

  static async open(base: string, { scheme, size, token }: PageOptions = {}): Promise<WatchedPage> {
    const folder = await mkdtemp(join(tmpdir(), 'metad-browser-'));
    const context = await chromium.launchPersistentContext(folder, {
      executablePath,
      args: flags,
      viewport: size ?? desktop,
      colorScheme: scheme ?? 'light',
      reducedMotion: 'reduce',
      timeout: 30_000,
    });
    const page = context.pages()[0] ?? (await context.newPage());
    const faults: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(base)) faults.push(`request to ${request.url()}`);
    });
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        reportError(new Error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
      });
    });
    await page.addInitScript((held) => {
      // What the page puts there later is not undone by a reload.
      if (held !== '' && sessionStorage.length === 0) sessionStorage.setItem('metad-token', held);
    }, token ?? tokens.operator);
    return new WatchedPage(page, context, folder, base, faults);
  }

  /** Opens a view and waits until the stream has brought it to life. */
  async show(view: string): Promise<Page> {
    const { page } = this;
    await page.goto(`${this.base}/#/${view}`);
    const [name = ''] = view.split('/');
    await page.locator(`.rail a[aria-current][href="#/${name}"]`).waitFor();
    await page.locator('#link', { hasText: 'Live' }).waitFor();
    return page;
  }

  async close(): Promise<void> {
    await this.context.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
