import type { PartitionView, ReplicaView } from '../../cluster/snapshot.js';
import { partitionTone, PROBLEM_WORDS } from '../data/judgement.js';
import type { Store } from '../data/store.js';
import { count, NOT_KNOWN, plural } from '../dom/format.js';
import { calm, cell, empty, heading, pill, table, waiting } from '../dom/parts.js';
import { h, type Child, type VNode } from '../dom/vnode.js';
import type { Surroundings, View } from './view.js';

const pageRows = 50;
const TONE_ORDER = { bad: 0, warn: 1, ok: 2, accent: 2, '': 2 };

/** Every partition, those in trouble first, a page at a time: usable with thousands. */
export class Partitions implements View {
  readonly title = 'Partitions';
  private text = '';
  private onlyTroubled = false;
  private page = 0;

  constructor(private readonly surroundings: Surroundings) {}

  draw({ head, partitions }: Store): Child {
    if (head === null) return waiting('the first snapshot');
    const all = [...partitions.values()];
    const found = all.filter((view) => this.takes(view)).sort(troubledFirst);
    const pages = Math.max(1, Math.ceil(found.length / pageRows));
    const page = Math.min(this.page, pages - 1);
    const shown = found.slice(page * pageRows, (page + 1) * pageRows);
    const troubled = all.filter(({ problems }) => problems.length > 0).length;
    const leftOut = head.nodes.some(({ figures }) => (figures?.replicas ?? 0) > 8_192);
    return [
      heading(
        'Partitions',
        troubled === 0
          ? `All ${count(all.length)} are in order.`
          : `${count(troubled)} of ${count(all.length)} want a look; they come first.`,
        leftOut && ' Only the first 8,192 replicas of each node are shown.',
      ),
      this.toolbar(head.nodes.map(({ node }) => node)),
      found.length === 0
        ? empty('No partition like that', 'Clear the filter to see all of them.')
        : table('Partitions', COLUMNS, h('tbody', null, shown.map(row))),
      this.pager(page, pages, found.length),
    ];
  }

  private takes(view: PartitionView): boolean {
    if (this.onlyTroubled && view.problems.length === 0) return false;
    if (this.text === '') return true;
    if (/^\d+$/.test(this.text)) return String(view.partition).startsWith(this.text);
    const words = view.problems.map((problem) => PROBLEM_WORDS[problem].word.toLowerCase());
    return view.leader?.toLowerCase() === this.text || words.some((w) => w.includes(this.text));
  }

  private toolbar(nodes: readonly string[]): VNode {
    const type = (event: Event): void => {
      this.text = (event.target as HTMLInputElement).value.trim().toLowerCase();
      this.turnTo(0);
    };
    const check = (event: Event): void => {
      this.onlyTroubled = (event.target as HTMLInputElement).checked;
      this.turnTo(0);
    };
    return h(
      'div',
      { class: 'toolbar' },
      h(
        'label',
        { class: 'field grow' },
        'Filter',
        h('input', {
          type: 'search',
          placeholder: `Number, leader (${nodes[0] ?? 'n1'}) or problem`,
          on: { input: type },
        }),
      ),
      h(
        'label',
        { class: 'check' },
        h('input', { type: 'checkbox', on: { change: check } }),
        'Only those in trouble',
      ),
    );
  }

  private pager(page: number, pages: number, rows: number): Child {
    if (pages <= 1) return null;
    const first = page * pageRows + 1;
    const last = Math.min(rows, first + pageRows - 1);
    return h(
      'nav',
      { class: 'pager', 'aria-label': 'Pages of partitions' },
      h('span', { class: 'muted num' }, `${count(first)}–${count(last)} of ${count(rows)}`),
      h(
        'div',
        null,
        button('Previous', page === 0, () => this.turnTo(page - 1)),
        button('Next', page === pages - 1, () => this.turnTo(page + 1)),
      ),
    );
  }

  private turnTo(page: number): void {
    this.page = page;
    this.surroundings.redraw();
  }
}

function troubledFirst(a: PartitionView, b: PartitionView): number {
  const byTone = TONE_ORDER[partitionTone(a)] - TONE_ORDER[partitionTone(b)];
  return byTone === 0 ? a.partition - b.partition : byTone;
}

const button = (text: string, disabled: boolean, click: () => void): VNode =>
  h('button', { type: 'button', class: 'button slim', disabled, on: { click } }, text);

const COLUMNS = [
  { name: 'Partition' },
  { name: 'State' },
  { name: 'Leader' },
  { name: 'Term', right: true },
  { name: 'Commit', right: true },
  { name: 'Applied', right: true },
  { name: 'Lag', right: true },
  { name: 'Replicas' },
];

function row(view: PartitionView): VNode {
  const { partition, leader, term, commit, replicas } = view;
  const lag = Math.max(0, ...replicas.map((replica) => replica.lag));
  return h(
    'tr',
    { key: partition },
    h('th', { scope: 'row', class: 'num' }, partition, partition === 0 && SYSTEM),
    cell('State', '', problemPills(view), reasons(replicas)),
    cell('Leader', '', leader ?? h('span', { class: 'muted' }, 'none')),
    cell('Term', 'r', count(term)),
    cell('Commit', 'r', count(commit)),
    cell('Applied', 'r', count(commit - lag)),
    cell('Lag', 'r', count(lag)),
    cell(
      'Replicas',
      'wide',
      h(
        'ul',
        { class: 'replicas' },
        replicas.map((replica) => replicaChip(replica, view)),
      ),
    ),
  );
}

const SYSTEM = h('span', { class: 'muted small' }, ' system');

function problemPills({ problems }: PartitionView): Child {
  if (problems.length === 0) return calm('In order');
  return problems.map((problem) => {
    const { tone, word, why } = PROBLEM_WORDS[problem];
    return pill(tone, word, why);
  });
}

/** In words, since not everybody can hover over a chip. */
const reasons = (replicas: readonly ReplicaView[]): Child =>
  replicas
    .filter(({ reason }) => reason !== null)
    .map(({ node, reason }) => h('span', { class: 'sub', key: node }, `${node}: ${reason ?? ''}`));

const ROLES = { leader: 'leads', follower: 'follows', candidate: 'stands', preCandidate: 'stands' };

function replicaChip(replica: ReplicaView, { leader, learners }: PartitionView): VNode {
  const { node, role, state, applied, lag, reason } = replica;
  const isBad = state === 'stopped' || state === 'corrupt' || state === null;
  const tone = isBad ? 'bad' : state === 'installing' ? 'warn' : node === leader ? 'leads' : '';
  const part = learners.includes(node) ? 'learns' : role === null ? 'away' : ROLES[role];
  const does = isBad && state !== null ? state : state === 'installing' ? 'restores' : part;
  const at = state === null ? NOT_KNOWN : count(applied);
  return h(
    'li',
    { key: node, class: `replica ${tone}`, title: reason ?? `applied ${at}, ${behind(lag)}` },
    `${node} ${does}`,
    lag > 0 && h('span', { class: 'muted' }, `−${count(lag)}`),
  );
}

const behind = (lag: number): string =>
  lag === 0 ? 'level with the commit index' : `${plural(lag, 'entry', 'entries')} behind`;
