import { moment } from '../dom/format.js';
import { block, empty, hidden, pill } from '../dom/parts.js';
import { h, type Child, type VNode } from '../dom/vnode.js';
import { differences, leavesOf, type FieldChange, type RecordBody } from './diff.js';
import type { Change, FoundRecord } from './lookup.js';

/** Which two versions are laid side by side; null means the comparison is closed. */
export interface Compared {
  readonly from: number;
  readonly to: number;
}

export interface RecordPageParts {
  readonly found: FoundRecord;
  readonly compared: Compared | null;
  readonly onCompare: (compared: Compared) => void;
}

/** One record as it is, and everything that ever became of it. */
export function recordPage({ found, compared, onCompare }: RecordPageParts): Child {
  const { kind, namespace, key, record, changes, withoutHistory } = found;
  return [
    h(
      'div',
      { class: 'record-name' },
      h('h2', null, key),
      pill('', kind),
      pill('', namespace),
      record === null ? pill('bad', 'Removed') : pill('ok', `Version ${versionOf(record)}`),
    ),
    h(
      'div',
      { class: 'record' },
      block('Record', null, recordFacts(record, changes)),
      block(
        'History',
        changes.length > 1 && compareForm(changes, compared, onCompare),
        withoutHistory !== null && empty('No history here', withoutHistory),
        compared !== null && comparison(changes, compared),
        changes.length > 0 && timeline(changes),
        found.isCut && h('p', { class: 'muted small' }, 'Later changes are left out.'),
      ),
    ),
  ];
}

const versionOf = (record: RecordBody): string => String(record['version']);
const NOTHING = new Set(['namespace', 'id']);

function recordFacts(record: RecordBody | null, changes: readonly Change[]): Child {
  if (record === null) {
    return empty('This record was removed', `at ${moment(changes[0]?.validFrom ?? 0)}`);
  }
  const rows = [...leavesOf(record, NOTHING)].map(([field, value]) =>
    h('div', { key: field }, h('dt', null, field), h('dd', null, shown(field, value))),
  );
  return h('dl', { class: 'panel facts' }, rows);
}

const shown = (field: string, value: string): string =>
  /At$/.test(field) && !Number.isNaN(Date.parse(value)) ? moment(value) : value;

function compareForm(
  changes: readonly Change[],
  compared: Compared | null,
  onCompare: RecordPageParts['onCompare'],
): VNode {
  const last = changes.length - 1;
  const { from, to } = compared ?? { from: last, to: 0 };
  const select = (label: string, chosen: number, take: (at: number) => Compared): VNode =>
    h(
      'select',
      {
        'aria-label': label,
        on: {
          change: (event: Event) =>
            onCompare(take(Number((event.target as HTMLSelectElement).value))),
        },
      },
      changes.map((change, at) =>
        h('option', { value: String(at), selected: at === chosen, key: at }, nameOf(change)),
      ),
    );
  return h(
    'div',
    { class: 'compare', role: 'group', 'aria-label': 'Compare two versions' },
    'Compare',
    select('Earlier version', from, (at) => ({ from: at, to })),
    'with',
    select('Later version', to, (at) => ({ from, to: at })),
  );
}

const nameOf = ({ record, type }: Change): string =>
  record === null ? type : `version ${versionOf(record)}`;

function comparison(changes: readonly Change[], { from, to }: Compared): Child {
  const [before, after] = [changes[from], changes[to]];
  if (before === undefined || after === undefined) return null;
  const found = differences(before.record, after.record);
  const title = `From ${nameOf(before)} to ${nameOf(after)}`;
  return h(
    'div',
    { class: 'panel padded block' },
    h('h3', null, title),
    found.length === 0 ? h('p', { class: 'muted' }, 'No difference.') : diffTable(found, title),
  );
}

function timeline(changes: readonly Change[]): VNode {
  return h(
    'ol',
    { class: 'timeline' },
    changes.map((change, at) => momentOf(change, changes[at + 1] ?? null)),
  );
}

function momentOf(change: Change, before: Change | null): VNode {
  const { type, validFrom, actor, reason, command, partition, index, record } = change;
  const found = differences(before?.record ?? null, record);
  const by = [actor && `by ${actor}`, reason && `“${reason}”`].filter(Boolean).join(', ');
  return h(
    'li',
    { class: 'moment', key: `${partition}/${index}/${type}` },
    h(
      'div',
      { class: 'moment-mark' },
      h('b', null, record === null ? '×' : versionOf(record)),
      h('i', null),
    ),
    h(
      'div',
      { class: 'moment-body' },
      h(
        'header',
        null,
        h('h3', null, type),
        h('time', { class: 'muted small num', datetime: validFrom }, moment(validFrom)),
      ),
      h(
        'p',
        { class: 'muted small' },
        `${command ?? 'Expiry'} at index ${index} of partition ${partition}`,
        by === '' ? null : `, ${by}`,
      ),
      found.length > 0 && record !== null && diffTable(found, `Changes by ${type}`),
    ),
  );
}

function diffTable(changes: readonly FieldChange[], caption: string): VNode {
  return h(
    'table',
    { class: 'diff' },
    h('caption', null, hidden(caption)),
    h(
      'tbody',
      null,
      changes.map(({ field, before, after }) =>
        h(
          'tr',
          { key: field },
          h('th', { scope: 'row' }, field),
          h(
            'td',
            null,
            before !== undefined && [h('del', null, before), after !== undefined && ' → '],
            after !== undefined && h('ins', null, after),
          ),
        ),
      ),
    ),
  );
}
