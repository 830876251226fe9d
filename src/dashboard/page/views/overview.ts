import type { NodeView, PartitionView, SnapshotHead } from '../../cluster/snapshot.js';
import { headline, NODE_WORDS, nodeTone, partitionTone, troubles } from '../data/judgement.js';
import { ratesMax, type Store } from '../data/store.js';
import { bytes, count, duration, ms, NOT_KNOWN, plural, rate } from '../dom/format.js';
import { bar, block, cell, dot, heading, sparkline, table, waiting } from '../dom/parts.js';
import { h, type Child, type VNode } from '../dom/vnode.js';
import { commandTable } from './commands.js';
import type { View } from './view.js';

const recentMax = 6;
/** Up to this many partitions get a cell with their number. */
const fewMax = 64;

/** Everything at one glance; what is wrong comes first. */
export class Overview implements View {
  readonly title = 'Overview';

  draw({ head, partitions, commands, rates }: Store): Child {
    if (head === null) return waiting('the first snapshot');
    const all = [...partitions.values()].sort((a, b) => a.partition - b.partition);
    const seen = `${plural(all.length, 'partition')} on ${plural(head.nodes.length, 'node')}, as `;
    return [
      heading(headline(head, all), `${seen}${head.by} sees them.`),
      troubleList(head, all),
      tiles(head, all, rates),
      block('Nodes', null, nodeTable(head)),
      block('Partitions', h('a', { href: '#/partitions' }, 'All partitions'), partitionMap(all)),
      block(
        'Latest commands',
        h('a', { href: '#/commands' }, 'All commands'),
        commandTable(commands.slice(0, recentMax), 'Latest commands'),
      ),
    ];
  }
}

function troubleList(head: SnapshotHead, partitions: readonly PartitionView[]): Child {
  const found = troubles(head, partitions);
  if (found.length === 0) return null;
  return h(
    'ul',
    { class: 'problems', 'aria-label': 'What needs attention' },
    found.slice(0, 8).map(({ tone, text, href }) => {
      const more =
        href === '#/overview' ? null : h('a', { href, 'aria-label': `Look: ${text}` }, 'Look');
      return h('li', { class: tone, key: text }, h('span', null, text), more);
    }),
    found.length > 8 && h('li', { key: 'more' }, `and ${found.length - 8} more`),
  );
}

function tiles(head: SnapshotHead, all: readonly PartitionView[], rates: readonly number[]): VNode {
  const { nodes } = head;
  const up = nodes.filter(({ state }) => state === 'up').length;
  const led = all.filter(({ leader }) => leader !== null).length;
  const lag = worst(all.flatMap(({ replicas }) => replicas.map((replica) => replica.lag)));
  return h(
    'dl',
    { class: 'tiles' },
    tile('Nodes up', count(up), ` of ${nodes.length}`, toneOf(up, nodes.length), awayNames(head)),
    tile(
      'With a leader',
      count(led),
      ` of ${count(all.length)}`,
      toneOf(led, all.length),
      nodes.map(({ node, state, figures }) => `${node} ${leadsOf(state, figures)}`).join(' · '),
    ),
    tile('Committed', rate(head.committedRate), ' entries/s', '', sparkline(rates, ratesMax)),
    tile('Replica lag', count(lag), lag === 1 ? ' entry' : ' entries', '', 'the worst of all'),
    tableTile(head),
  );
}

const leadsOf = (state: NodeView['state'], figures: NodeView['figures']): string =>
  state === 'up' && figures !== null ? count(figures.leads) : NOT_KNOWN;

/** How far the tables are behind, at worst. */
function tableTile({ projections }: SnapshotHead): VNode {
  const tables = projections.flatMap(({ nodes }) => nodes);
  if (tables.length === 0) return tile('Table lag', NOT_KNOWN, '', '', 'no projection database');
  const [value = '', ...unit] = ms(worst(tables.map(({ lagMs }) => lagMs))).split(' ');
  const behind = worst(tables.map(({ lagEntries }) => lagEntries));
  const note = `${plural(behind, 'entry', 'entries')} behind`;
  return tile('Table lag', value, ` ${unit.join(' ')}`, '', note);
}

function awayNames({ nodes }: SnapshotHead): string {
  const away = nodes.filter(({ state }) => state !== 'up').map(({ node }) => node);
  return away.length === 0 ? 'all answer' : `not ${away.join(', ')}`;
}

const worst = (values: readonly number[]): number => Math.max(0, ...values);
const toneOf = (are: number, should: number): string => (are < should ? 'bad' : '');

function tile(name: string, value: string, unit: string, tone: string, note: Child): VNode {
  return h(
    'div',
    { class: `tile ${tone}` },
    h('dt', null, name),
    h('dd', { class: 'value' }, value, h('span', { class: 'unit' }, unit)),
    note !== null && h('dd', { class: 'note' }, note),
  );
}

const NODE_COLUMNS = [
  { name: 'Node' },
  { name: 'Leads', right: true },
  { name: 'Replicas', right: true },
  { name: 'Applied/s', right: true },
  { name: 'Loop delay', right: true },
  { name: 'fsync', right: true },
  { name: 'Memory', right: true },
  { name: 'Disk' },
];

function nodeTable(head: SnapshotHead): VNode {
  const rows = head.nodes.map((node) => nodeRow(node, head));
  return table('Nodes of the cluster', NODE_COLUMNS, h('tbody', null, rows));
}

function nodeRow(view: NodeView, head: SnapshotHead): VNode {
  const { node, figures, state } = view;
  const name = h(
    'th',
    { scope: 'row' },
    h('span', { class: 'node-name' }, dot(nodeTone(view)), node),
    h('span', { class: 'sub' }, standing(view, head)),
  );
  if (figures === null || state !== 'up') {
    const columns = NODE_COLUMNS.slice(1).map(({ name: label, right }) =>
      cell(label, right ? 'r' : '', h('span', { class: 'muted' }, NOT_KNOWN)),
    );
    return h('tr', { key: node }, name, columns);
  }
  const { leads, replicas, quiet, loopDelayMs, loopDelayMsMax } = figures;
  const { syncMs, writeMs, writeMsMax, memoryBytes } = figures;
  return h(
    'tr',
    { key: node },
    name,
    cell('Leads', 'r', count(leads)),
    cell('Replicas', 'r', count(replicas), sub(`${count(quiet)} at rest`)),
    cell('Applied/s', 'r', rate(view.appliedRate)),
    cell('Loop delay', 'r', ms(loopDelayMs), sub(`worst ${ms(loopDelayMsMax)}`)),
    cell('fsync', 'r', ms(syncMs), sub(`write ${ms(Math.max(writeMs, writeMsMax))}`)),
    cell('Memory', 'r', bytes(memoryBytes)),
    cell('Disk', '', disk(figures)),
  );
}

const sub = (text: string): VNode => h('span', { class: 'sub' }, text);

function standing({ state, since, figures }: NodeView, { at }: SnapshotHead): string {
  if (state !== 'up' || figures === null) return `${NODE_WORDS[state]} for ${duration(at - since)}`;
  const up = duration(at - Date.parse(figures.startedAt));
  const phase = figures.phase === 'serving' ? `Up ${up}` : figures.phase;
  return `${phase} · ${figures.version}`;
}

function disk({ disk: space, logBytes }: NonNullable<NodeView['figures']>): Child {
  if (space === null) return [bytes(logBytes), sub('log')];
  const used = 1 - space.freeBytes / Math.max(1, space.totalBytes);
  const tone = used > 0.95 ? 'bad' : used > 0.85 ? 'warn' : '';
  return h(
    'span',
    { class: 'disk' },
    h(
      'span',
      { class: 'nowrap' },
      `${bytes(space.freeBytes)} free `,
      h('span', { class: 'muted small' }, `· log ${bytes(logBytes)}`),
    ),
    bar(used, `Disk used, ${Math.round(used * 100)} percent`, tone, 'meter'),
  );
}

function partitionMap(partitions: readonly PartitionView[]): Child {
  const few = partitions.length <= fewMax;
  const tones = partitions.map(partitionTone);
  const counts = (tone: string): number => tones.filter((each) => each === tone).length;
  const [ok, warn, bad] = [counts('ok'), counts('warn'), counts('bad')];
  const says = `${ok} in order, ${warn} to look at, ${bad} in trouble`;
  const cells = partitions.map(({ partition, leader }, at) =>
    h(
      'span',
      {
        key: partition,
        class: `cell ${tones[at]}`,
        title: `Partition ${partition}: ${leader === null ? 'no leader' : `led by ${leader}`}`,
      },
      few ? String(partition) : '',
    ),
  );
  return h(
    'div',
    { class: 'panel padded block' },
    h('div', { class: `map${few ? ' few' : ''}`, role: 'img', 'aria-label': says }, cells),
    h(
      'div',
      { class: 'legend' },
      h('span', null, h('i', { class: 'cell' }), `${count(ok)} in order`),
      h('span', null, h('i', { class: 'cell warn' }), `${count(warn)} to look at`),
      h('span', null, h('i', { class: 'cell bad' }), `${count(bad)} in trouble`),
    ),
  );
}
