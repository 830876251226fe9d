import { token, whenRefused } from './data/api.js';
import { troubles } from './data/judgement.js';
import { Live, type LinkState } from './data/live.js';
import { Store } from './data/store.js';
import { openTokenDialog } from './dialogs/token-dialog.js';
import { clock, duration } from './dom/format.js';
import { dot, hidden, icon, type Icon } from './dom/parts.js';
import { h, patch, type Child, type VNode } from './dom/vnode.js';
import { applyTheme, nextTheme, theme } from './theme.js';
import { Commands } from './views/commands.js';
import { Overview } from './views/overview.js';
import { Partitions } from './views/partitions.js';
import { Projections } from './views/projections.js';
import { Records } from './views/records.js';
import type { View } from './views/view.js';

applyTheme(theme());

const place = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;
const store = new Store();
const page = { redraw: (): void => draw() };
const views: Readonly<Record<string, View>> = {
  overview: new Overview(),
  partitions: new Partitions(page),
  projections: new Projections(),
  commands: new Commands(page),
  records: new Records(page),
};
let shown = 'overview';
let link: LinkState = { kind: 'connecting' };

const live = new Live(
  '/api/v1/admin/dashboard/stream',
  (event) => store.take(event),
  (state) => {
    link = state;
    draw();
  },
);
const askForToken = (why: string | null): void => openTokenDialog(why, () => live.retry());

function draw(): void {
  const view = views[shown] as View;
  drawFrame(view);
  const host = place('view');
  host.classList.toggle('stale', link.kind === 'lost' && shown !== 'records');
  patch(host, h('div', { class: 'view', key: shown }, view.draw(store)));
}

function drawFrame(view: View): void {
  const { head } = store;
  document.title = `${view.title} · ${head?.cluster ?? 'metad'}`;
  place('cluster').textContent = head === null ? '' : `${head.cluster}, seen from ${head.by}`;
  place('link').className = `link ${link.kind}`;
  patch(place('link'), linkWords());
  patch(place('banner'), banner());
  patch(place('rail'), rail());
  const held = token.get() !== '';
  const word = held ? 'Token held' : 'Token';
  patch(place('token'), icon('key'), h('span', { class: 'tool-name' }, word));
  const chosen = theme();
  const icons = { system: 'auto', light: 'sun', dark: 'moon' } as const;
  patch(place('theme'), icon(icons[chosen]), h('span', { class: 'tool-name' }, `Theme: ${chosen}`));
}

function linkWords(): Child {
  if (link.kind === 'live') return [dot('ok'), 'Live'];
  if (link.kind === 'connecting') return [dot(''), 'Connecting'];
  return [dot('bad'), 'Disconnected'];
}

/** Announced when it appears; the words that count down are kept out of what is announced. */
function banner(): Child {
  if (link.kind !== 'lost') return null;
  const { since, retryAt, reason, needsToken } = link;
  if (needsToken) {
    return h(
      'div',
      { class: 'banner' },
      h('strong', null, `No access since ${clock(since)}`),
      h('span', null, sentence(reason)),
      bannerButton('Enter token', () => askForToken(null)),
    );
  }
  const left = retryAt === null ? 0 : retryAt - Date.now();
  const next = left > 0 ? `next try in ${duration(left)}` : 'trying now';
  return h(
    'div',
    { class: 'banner' },
    h('strong', null, `Disconnected since ${clock(since)}`),
    h('span', null, `${sentence(reason)} What you see is as of then.`),
    h('span', { class: 'muted num', 'aria-live': 'off' }, next),
    bannerButton('Try now', retry),
  );
}

const bannerButton = (text: string, click: () => void): VNode =>
  h('button', { key: text, type: 'button', class: 'button slim', on: { click } }, text);

/** The service's messages begin small and end without a stop. */
const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;

const retry = (): void => live.retry();

function rail(): Child {
  const { head, partitions } = store;
  const found = head === null ? [] : troubles(head, partitions.values());
  const tone = found.some((each) => each.tone === 'bad') ? 'bad' : 'warn';
  return Object.entries(views).map(([name, { title }]) =>
    h(
      'li',
      { key: name },
      h(
        'a',
        { href: `#/${name}`, 'aria-current': name === shown ? 'page' : null },
        icon(name as Icon),
        title,
        name === 'overview' &&
          found.length > 0 &&
          h('span', { class: `count ${tone}` }, found.length, hidden(' to look at')),
      ),
    ),
  );
}

/** `#/records/resource/prod/acme%2Fdb-1` → the view, and what it is to open. */
function route(moveFocus: boolean): void {
  const [, name = '', ...path] = location.hash.split('/');
  shown = Object.hasOwn(views, name) ? name : 'overview';
  views[shown]?.open?.(path.map(decoded));
  draw();
  if (!moveFocus) return;
  window.scrollTo(0, 0);
  place('main').focus({ preventScroll: true });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // Written by hand, with a lone percent sign.
  }
}

// The address names the view: the link must move the focus without changing it.
document.querySelector('.skip')?.addEventListener('click', (event) => {
  event.preventDefault();
  place('main').focus();
});
place('token').addEventListener('click', () => askForToken(null));
place('theme').addEventListener('click', () => {
  nextTheme();
  draw();
});
whenRefused(({ message }) => askForToken(sentence(message)));
window.addEventListener('hashchange', () => route(true));
// While disconnected nothing else draws, and the words count seconds.
setInterval(() => link.kind === 'lost' && draw(), 1_000);
route(false);
void live.run();
