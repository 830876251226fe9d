import type { JobFigures, ProjectionView } from '../../cluster/snapshot.js';
import { act } from '../data/api.js';
import { projectionTone } from '../data/judgement.js';
import type { Store } from '../data/store.js';
import { openProjectionDialog, perform, confirmCancel } from '../dialogs/projection-dialog.js';
import { notice } from '../dialogs/notices.js';
import { count, duration, moment, ms, NOT_KNOWN, plural, rate } from '../dom/format.js';
import {
  bar,
  block,
  calm,
  cell,
  empty,
  heading,
  pill,
  table,
  waiting,
  type Tone,
} from '../dom/parts.js';
import { h, type Child, type VNode } from '../dom/vnode.js';
import type { View } from './view.js';

type OnNode = ProjectionView['nodes'][number];
type NodeJob = JobFigures & { readonly node: string };
const finishedMax = 8;

/** Tables of every node: how far they are, whether they are proved, and the work on them. */
export class Projections implements View {
  readonly title = 'Projections';

  draw({ head }: Store): Child {
    if (head === null) return waiting('the first snapshot');
    const { projections, jobs, at } = head;
    if (projections.length === 0) {
      return [
        heading('Projections', 'Tables made from the log, one schema for each node.'),
        empty(
          'These nodes run without a projection database',
          'Look-ups by key work; lists, searches and history need DATABASE_URL.',
        ),
      ];
    }
    const open = jobs.filter((job) => isOpen(job.state));
    const over = jobs.filter((job) => !isOpen(job.state)).slice(0, finishedMax);
    return [
      heading('Projections', says(projections)),
      open.length > 0 && block('Under way', null, open.map(jobPanel)),
      block('Tables', null, tables(projections, jobs, at)),
      over.length > 0 && block('Finished jobs', null, finished(over)),
    ];
  }
}

const isOpen = (state: JobFigures['state']): boolean =>
  state === 'running' || state === 'paused' || state === 'ready';

function says(projections: readonly ProjectionView[]): string {
  const all = projections.flatMap(({ nodes }) => nodes);
  const live = all.filter(({ state }) => state === 'live').length;
  const rest = live === all.length ? 'all live' : `${live} of ${all.length} live`;
  return `${plural(projections.length, 'projection')} on each node, ${rest}.`;
}

const COLUMNS = [
  { name: 'Node' },
  { name: 'State' },
  { name: 'Version', right: true },
  { name: 'Rows', right: true },
  { name: 'Lag', right: true },
  { name: 'Rate', right: true },
  { name: 'Proof' },
  { name: 'Actions', quiet: true },
];

function tables(
  projections: readonly ProjectionView[],
  jobs: readonly NodeJob[],
  at: number,
): VNode {
  const bodies = projections.map(({ name, agreement, nodes }) =>
    h(
      'tbody',
      { key: name },
      h(
        'tr',
        { class: 'group' },
        h('th', { scope: 'rowgroup', colspan: COLUMNS.length }, name, agreed(agreement)),
      ),
      nodes.map((on) => row(name, on, jobs, at)),
    ),
  );
  return table('Projections by node', COLUMNS, bodies);
}

function agreed(agreement: ProjectionView['agreement']): Child {
  switch (agreement) {
    case 'equal':
      return calm('Nodes agree');
    case 'differs':
      return pill('bad', 'Differs between nodes', 'digests at the same point of the log differ');
    case 'moving':
      return pill('', 'Moving', 'no two nodes stand at the same point of the log right now');
    case 'alone':
      return null;
  }
}

function row(name: string, on: OnNode, jobs: readonly NodeJob[], at: number): VNode {
  const { node, state, version, rows, lagEntries, lagMs, reason } = on;
  const own = jobs.filter((job) => job.node === node && job.projection === name);
  const busy = own.some((job) => job.state === 'running' || job.state === 'paused');
  const ready = own.some((job) => job.state === 'ready');
  const open = (): void => openProjectionDialog({ name, node, state, version, ready, busy });
  return h(
    'tr',
    { key: node },
    h('th', { scope: 'row' }, node),
    cell('State', '', standing(state), reason && sub(reason)),
    cell('Version', 'r', version === 0 ? NOT_KNOWN : count(version)),
    cell('Rows', 'r', count(rows)),
    cell('Lag', 'r', plural(lagEntries, 'entry', 'entries'), lagMs > 0 && sub(ms(lagMs))),
    cell('Rate', 'r', on.rate === null ? NOT_KNOWN : `${rate(on.rate)}/s`),
    cell('Proof', '', proof(on, at)),
    h(
      'td',
      { class: 'r' },
      h(
        'button',
        {
          type: 'button',
          class: 'button slim',
          'aria-label': `Actions for ${name} on ${node}`,
          'aria-haspopup': 'dialog',
          on: { click: open },
        },
        'Actions',
      ),
    ),
  );
}

const sub = (text: string): VNode => h('span', { class: 'sub' }, text);

const standing = (state: OnNode['state']): VNode =>
  state === 'live' ? calm('Live') : pill(projectionTone(state), `${upper(state)}`);
const upper = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

function proof({ verified }: OnNode, at: number): Child {
  if (verified === null) return h('span', { class: 'muted' }, 'not verified yet');
  const age = `${duration(at - Date.parse(verified.at))} ago`;
  return [verified.equal ? calm('Proved equal') : pill('bad', 'Differs'), sub(age)];
}

function jobPanel(job: NodeJob): VNode {
  const { jobId, kind, projection, node, version, state, done, total, reason } = job;
  const title = `${KINDS[kind]} of ${projection} on ${node}`;
  const share = total > 0 ? done / total : state === 'ready' ? 1 : 0;
  const percent = `${Math.floor(share * 100)} %`;
  return h(
    'article',
    { class: 'panel padded job', key: jobId, 'aria-label': title },
    h(
      'div',
      { class: 'job-head' },
      h('h3', null, title),
      pill(STATES[state][0], STATES[state][1]),
      version !== null && kind === 'rebuild' && sub(`into version ${version}`),
    ),
    bar(share, `${title}, ${percent}`, state === 'paused' ? 'warn' : 'accent'),
    h(
      'dl',
      { class: 'job-figures' },
      figure('Done', percent),
      figure('Entries', `${count(done)} of ${count(total)}`),
      figure('Rate', `${rate(job.rate)}/s`),
      figure('Remaining', job.remainingMs === null ? NOT_KNOWN : duration(job.remainingMs)),
      h('div', { class: 'acts' }, jobButtons(job, title)),
    ),
    reason !== null && reason !== 'paused' && h('p', { class: 'muted small' }, reason),
  );
}

const KINDS: Readonly<Record<JobFigures['kind'], string>> = {
  rebuild: 'Rebuild',
  rollback: 'Rollback',
  verify: 'Verification',
  'roll-out': 'Rolling rebuild',
};
const STATES: Readonly<Record<JobFigures['state'], readonly [Tone, string]>> = {
  running: ['accent', 'Running'],
  paused: ['warn', 'Paused'],
  ready: ['ok', 'Ready to activate'],
  done: ['ok', 'Done'],
  failed: ['bad', 'Failed'],
  cancelled: ['', 'Cancelled'],
};

const figure = (name: string, value: string): VNode =>
  h('div', null, h('dt', null, name), h('dd', null, value));

function jobButtons({ jobId, state, kind, node, projection }: NodeJob, title: string): Child {
  const on = (verb: string) => () =>
    void tell(() => act(node, 'job', verb, { jobId }), verb, title);
  const cancel = (): void => confirmCancel(title, () => act(node, 'job', 'cancel', { jobId }));
  const activate = (): void =>
    void tell(() => act(node, 'projection', 'activate', { name: projection }), 'activate', title);
  return [
    state === 'running' && kind !== 'verify' && button('Pause', title, on('pause')),
    state === 'paused' && button('Resume', title, on('resume'), 'primary'),
    state === 'ready' && button('Activate', title, activate, 'primary'),
    button('Cancel', title, cancel),
  ];
}

const button = (text: string, title: string, click: () => void, look = ''): VNode =>
  h(
    'button',
    {
      key: text,
      type: 'button',
      class: `button slim ${look}`,
      'aria-label': `${text}: ${title}`,
      on: { click },
    },
    text,
  );

async function tell(work: () => Promise<unknown>, verb: string, title: string): Promise<void> {
  const wrong = await perform(work, `${title}: ${verb}`);
  if (wrong !== null) notice(`${title}: ${wrong}`, 'bad');
}

const FINISHED = [
  { name: 'Job' },
  { name: 'Node' },
  { name: 'State' },
  { name: 'Entries', right: true },
  { name: 'Proof' },
  { name: 'Ended' },
];

function finished(jobs: readonly NodeJob[]): VNode {
  const rows = jobs.map(({ jobId, kind, projection, node, state, done, equal, reason, ...job }) => {
    const ended = job.finishedAt ?? job.createdAt;
    return h(
      'tr',
      { key: jobId },
      h('th', { scope: 'row' }, `${KINDS[kind]} of ${projection}`, reason && sub(reason)),
      cell('Node', '', node),
      cell('State', '', state === 'done' ? calm('Done') : pill(...STATES[state])),
      cell('Entries', 'r', count(done)),
      cell('Proof', '', equal === null ? NOT_KNOWN : equal ? 'Equal' : 'Differs'),
      cell('Ended', '', h('time', { class: 'num nowrap' }, moment(ended))),
    );
  });
  return table('Finished jobs, newest first', FINISHED, h('tbody', null, rows));
}
