import { cell, empty, heading, table, waiting } from '../dom/parts.js';
import { h, type Child, type VNode } from '../dom/vnode.js';
import { recordAddress } from '../records/address.js';
import { leavesOf, type RecordBody } from '../records/diff.js';
import { SEARCHED_KINDS, searchedKind, type SearchedKind } from '../records/kinds.js';
import { ALL, list, listedMax, lookUp, type FoundRecord } from '../records/lookup.js';
import { recordPage, type Compared } from '../records/record-page.js';
import type { Surroundings, View } from './view.js';

type Result =
  | { readonly state: 'none' | 'asking' }
  | { readonly state: 'failed'; readonly message: string }
  | { readonly state: 'records'; readonly records: readonly FoundRecord[] }
  | { readonly state: 'list'; readonly items: readonly RecordBody[]; readonly isCut: boolean };

/** Finds any record by its name or by a filter, and shows it with its history. */
export class Records implements View {
  readonly title = 'Records';
  private kind: SearchedKind = searchedKind('resource');
  private namespace = '';
  private id = '';
  private result: Result = { state: 'none' };
  private compared: Compared | null = null;
  private asked = 0;

  constructor(private readonly page: Surroundings) {}

  /** `#/records/<kind>/<namespace>/<id>` */
  open([kind, namespace, id]: readonly string[]): void {
    if (kind === undefined || id === undefined) return;
    this.kind = searchedKind(kind);
    this.namespace = namespace === ALL ? '' : (namespace ?? '');
    this.id = id;
    void this.find({});
  }

  draw(): Child {
    return [
      heading('Records', 'Any record by its name, or all that pass a filter.'),
      this.form(),
      h('div', { class: 'block', 'aria-live': 'off', key: 'result' }, this.shown()),
    ];
  }

  private form(): VNode {
    const { kind, namespace, id } = this;
    return h(
      'form',
      {
        class: 'search',
        role: 'search',
        'aria-label': 'Records',
        key: 'form',
        on: { submit: this.submit },
      },
      field(
        'Kind',
        h(
          'select',
          { name: 'kind', on: { change: this.choose } },
          SEARCHED_KINDS.map((each) =>
            h('option', { value: each.kind, selected: each === kind, key: each.kind }, each.kind),
          ),
        ),
      ),
      field('Namespace', input('namespace', namespace, 'All')),
      field('Id', input('id', id, `${kind.example}, or empty to list`)),
      h('button', { type: 'submit', class: 'button primary' }, 'Find'),
      h(
        'div',
        { class: 'more' },
        field(
          'Or list where',
          h(
            'select',
            { name: 'field' },
            h('option', { value: '' }, 'any'),
            kind.list.filters.map((name) => h('option', { value: name, key: name }, name)),
          ),
        ),
        field('Equals', input('value', '', 'Value')),
      ),
    );
  }

  private readonly choose = (event: Event): void => {
    this.kind = searchedKind((event.target as HTMLSelectElement).value);
    this.page.redraw();
  };

  private readonly submit = (event: Event): void => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const text = (name: string): string => ((form.get(name) ?? '') as string).trim();
    this.kind = searchedKind(text('kind'));
    this.namespace = text('namespace');
    this.id = text('id');
    if (this.id !== '') {
      const address = recordAddress(this.kind.kind, this.namespace || ALL, this.id);
      if (location.hash === address) void this.find({});
      else location.hash = address;
      return;
    }
    const [name, value] = [text('field'), text('value')];
    if (location.hash !== '#/records') history.replaceState(null, '', '#/records');
    void this.find(name === '' || value === '' ? {} : { [name]: value });
  };

  private async find(filter: object): Promise<void> {
    const asked = (this.asked += 1);
    this.show({ state: 'asking' });
    const namespace = this.namespace || ALL;
    let result: Result;
    try {
      result =
        this.id === ''
          ? { state: 'list', ...(await list(this.kind, namespace, filter)) }
          : { state: 'records', records: await lookUp(this.kind, namespace, this.id) };
    } catch (error) {
      result = { state: 'failed', message: error instanceof Error ? error.message : 'no answer' };
    }
    if (asked === this.asked) this.show(result);
  }

  private show(result: Result): void {
    this.result = result;
    this.compared = null;
    this.page.redraw();
  }

  private shown(): Child {
    const { result, compared } = this;
    switch (result.state) {
      case 'none':
        return empty('Nothing asked yet', 'A name shows one record and its history.');
      case 'asking':
        return waiting('the answer');
      case 'failed':
        return h(
          'p',
          { class: 'banner', role: 'alert' },
          h('strong', null, 'Not answered.'),
          result.message,
        );
      case 'list':
        return this.listed(result);
      case 'records':
        break;
    }
    const [found] = result.records;
    if (found === undefined) return this.notFound();
    if (result.records.length > 1) return several(result.records);
    const onCompare = (chosen: Compared): void => {
      this.compared = chosen;
      this.page.redraw();
    };
    return recordPage({ found, compared, onCompare });
  }

  private notFound(): VNode {
    const where = this.namespace === '' ? 'any namespace' : this.namespace;
    return empty(`No ${this.kind.kind} ${this.id} in ${where}`, 'Names are case-sensitive.');
  }

  private listed({ items, isCut }: Extract<Result, { state: 'list' }>): Child {
    if (items.length === 0) return empty('Nothing passes that filter', 'Values must match whole.');
    const rows = items.map((item, at) => {
      const namespace = String(item['namespace']);
      const id = this.kind.idOf(item);
      return h(
        'tr',
        { key: at },
        h(
          'th',
          { scope: 'row' },
          h('a', { href: recordAddress(this.kind.kind, namespace, id) }, id),
        ),
        cell('Namespace', '', namespace),
        cell('Version', 'r', item['version'] === undefined ? '' : Number(item['version'])),
        cell('Fields', 'wide', summary(item)),
      );
    });
    const columns = [
      { name: 'Id' },
      { name: 'Namespace' },
      { name: 'Version', right: true },
      { name: 'Fields' },
    ];
    return [
      table('Records found', columns, h('tbody', null, rows)),
      isCut && h('p', { class: 'muted small' }, `The first ${listedMax}; narrow the filter.`),
    ];
  }
}

const SAID = new Set(['kind', 'namespace', 'id', 'version', 'createdAt', 'updatedAt', 'tenantId']);
const summaryMax = 5;

const summary = (item: RecordBody): VNode =>
  h(
    'span',
    { class: 'muted small' },
    [...leavesOf(item, SAID)]
      .slice(0, summaryMax)
      .map(([name, value]) => `${name} ${value}`)
      .join(' · '),
  );

function several(records: readonly FoundRecord[]): Child {
  const rows = records.map(({ kind, namespace, key }) =>
    h(
      'tr',
      { key: `${namespace} ${key}` },
      h('th', { scope: 'row' }, h('a', { href: recordAddress(kind, namespace, key) }, key)),
      cell('Namespace', '', namespace),
    ),
  );
  const columns = [{ name: 'Id' }, { name: 'Namespace' }];
  return [
    h('p', null, 'Several records have this name:'),
    table('Records of this name', columns, h('tbody', null, rows)),
  ];
}

const field = (name: string, control: VNode): VNode =>
  h('label', { class: 'field', key: name }, name, control);

const input = (name: string, value: string, placeholder: string): VNode =>
  h('input', { name, value, placeholder, autocomplete: 'off', spellcheck: 'false' });
