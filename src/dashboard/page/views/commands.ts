import type { CommandFact } from '../../cluster/snapshot.js';
import type { Store } from '../data/store.js';
import { clock, count, moment } from '../dom/format.js';
import { calm, cell, empty, heading, pill, table, waiting } from '../dom/parts.js';
import { h, type Child, type VNode } from '../dom/vnode.js';
import { recordAddress } from '../records/address.js';
import type { Surroundings, View } from './view.js';

const shownMax = 100;
type Outcome = 'all' | CommandFact['outcome'];

/** What was applied and refused lately, anywhere in the cluster. */
export class Commands implements View {
  readonly title = 'Commands';
  private outcome: Outcome = 'all';
  private text = '';
  private held: readonly CommandFact[] | null = null;

  constructor(private readonly page: Surroundings) {}

  draw({ head, commands }: Store): Child {
    if (head === null) return waiting('the first snapshot');
    const source = this.held ?? commands;
    const found = source.filter((fact) => this.takes(fact));
    const shown = found.slice(0, shownMax);
    return [
      heading(
        'Commands',
        'Newest first, from all nodes: what was applied lately, and what was refused.',
      ),
      this.toolbar(commands),
      found.length === 0
        ? empty(
            source.length === 0 ? 'No command yet' : 'Nothing like that lately',
            'Commands appear here as they are applied or refused.',
          )
        : commandTable(shown, 'Commands, newest first'),
      found.length > shownMax &&
        h('p', { class: 'muted small' }, `The newest ${shownMax} of ${found.length}.`),
    ];
  }

  private toolbar(commands: readonly CommandFact[]): VNode {
    const choose = (event: Event): void => {
      this.outcome = (event.target as HTMLSelectElement).value as Outcome;
      this.page.redraw();
    };
    const type = (event: Event): void => {
      this.text = (event.target as HTMLInputElement).value.trim().toLowerCase();
      this.page.redraw();
    };
    const hold = (): void => {
      this.held = this.held === null ? commands : null;
      this.page.redraw();
    };
    const isHeld = this.held !== null;
    return h(
      'div',
      { class: 'toolbar' },
      h(
        'label',
        { class: 'field grow' },
        'Filter',
        h('input', {
          type: 'search',
          placeholder: 'Command, record, namespace, actor or code',
          on: { input: type },
        }),
      ),
      h(
        'label',
        { class: 'field' },
        'Outcome',
        h(
          'select',
          { on: { change: choose } },
          h('option', { value: 'all' }, 'All'),
          h('option', { value: 'applied' }, 'Applied'),
          h('option', { value: 'unchanged' }, 'Unchanged'),
          h('option', { value: 'refused' }, 'Refused'),
        ),
      ),
      h(
        'button',
        {
          type: 'button',
          class: 'button',
          'aria-pressed': isHeld ? 'true' : 'false',
          on: { click: hold },
        },
        isHeld ? 'Follow again' : 'Hold still',
      ),
    );
  }

  private takes(fact: CommandFact): boolean {
    if (this.outcome !== 'all' && fact.outcome !== this.outcome) return false;
    if (this.text === '') return true;
    const { command, namespace, record, actor, code } = fact;
    const words = [command, namespace, record?.kind, record?.id, actor, code];
    return words.some((word) => word?.toLowerCase().includes(this.text));
  }
}

const COLUMNS = [
  { name: 'Time' },
  { name: 'Outcome' },
  { name: 'Command' },
  { name: 'Record' },
  { name: 'Partition', right: true },
  { name: 'Index', right: true },
];

/** Also for the overview's short list. */
export function commandTable(facts: readonly CommandFact[], caption: string): VNode {
  if (facts.length === 0) {
    return empty('No command yet', 'Commands appear here as they are applied or refused.');
  }
  return table(caption, COLUMNS, h('tbody', null, facts.map(row)));
}

const OUTCOMES = {
  applied: ['ok', 'Applied'],
  unchanged: ['', 'Unchanged'],
  refused: ['bad', 'Refused'],
} as const;

function row(fact: CommandFact): VNode {
  const { key, at, outcome, command, partition, index, actor, code, message } = fact;
  const [tone, word] = OUTCOMES[outcome];
  const why = code === null ? null : `${code}${message === null ? '' : ` – ${message}`}`;
  const said = [why, actor && `by ${actor}`].filter(Boolean).join(', ');
  return h(
    'tr',
    { key },
    cell('Time', '', h('time', { class: 'num nowrap', title: moment(at) }, clock(at))),
    cell('Outcome', '', tone === 'ok' ? calm(word) : pill(tone, word)),
    cell('Command', 'wide', command === '' ? 'Unreadable' : command, said && sub(said)),
    cell('Record', '', recordLink(fact)),
    cell('Partition', 'r', partition ?? ''),
    cell('Index', 'r', index === null ? '' : count(index)),
  );
}

const sub = (text: string): VNode => h('span', { class: 'sub' }, text);

function recordLink({ record, namespace, changes }: CommandFact): Child {
  if (record === null) return namespace === '' ? null : sub(namespace);
  const more = changes > 1 ? ` and ${changes - 1} more` : '';
  return [
    h('a', { href: recordAddress(record.kind, namespace, record.id) }, record.id),
    sub(`${record.kind} in ${namespace}${more}`),
  ];
}
