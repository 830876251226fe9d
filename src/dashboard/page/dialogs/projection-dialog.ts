import type { ProjectionView } from '../../cluster/snapshot.js';
import { act } from '../data/api.js';
import { h, type Child, type VNode } from '../dom/vnode.js';
import { cancelButton, openDialog } from './dialog.js';
import { notice } from './notices.js';

export interface ActedProjection {
  readonly name: string;
  readonly node: string;
  readonly state: ProjectionView['nodes'][number]['state'];
  readonly version: number;
  /** A built version waits for being put in use. */
  readonly ready: boolean;
  readonly busy: boolean;
}

interface Act {
  readonly verb: string;
  readonly title: string;
  readonly does: string;
  readonly allowed: (target: ActedProjection) => boolean;
  readonly danger?: boolean;
  readonly options?: () => Child;
}

const isFree = ({ busy }: ActedProjection): boolean => !busy;

const ACTS: readonly Act[] = [
  {
    verb: 'rebuild',
    title: 'Rebuild',
    does: 'Fills a new version from the log beside the one in use, which goes on serving.',
    allowed: isFree,
    options: rebuildOptions,
  },
  {
    verb: 'verify',
    title: 'Verify',
    does: 'Compares every row with the state machine. Reads only.',
    allowed: isFree,
  },
  {
    verb: 'activate',
    title: 'Activate',
    does: 'Puts the version that was built and is ready in use.',
    allowed: ({ ready, busy }) => ready && !busy,
  },
  {
    verb: 'rollback',
    title: 'Roll back',
    does: 'Catches the previous version up and puts it back in use.',
    allowed: isFree,
    danger: true,
  },
  {
    verb: 'pause',
    title: 'Pause',
    does: 'Stops absorbing changes. Queries then show the tables as they are now.',
    allowed: ({ state }) => state === 'live',
    danger: true,
  },
  {
    verb: 'resume',
    title: 'Resume',
    does: 'Absorbs changes again, from where it stopped.',
    allowed: ({ state }) => state === 'paused' || state === 'halted',
  },
];

/** Offers what can be done with one projection on one node; each is confirmed before it is done. */
export function openProjectionDialog(target: ActedProjection): void {
  const dialog = openDialog({
    title: `${target.name} on ${target.node}`,
    content: [
      h(
        'p',
        { class: 'lead' },
        target.busy
          ? 'A job is at work on it: what is under way can be paused or cancelled there.'
          : `Version ${target.version} is in use.`,
      ),
      h('div', { class: 'choices' }, ACTS.map(choice)),
      h('div', { class: 'acts' }, cancelButton('Close')),
    ],
    onSubmit: async () => null,
  });

  function choice(one: Act): VNode {
    const choose = (): void => {
      dialog.close('done');
      confirm(one, target);
    };
    return h(
      'button',
      {
        type: 'button',
        class: 'choice',
        disabled: !one.allowed(target),
        on: { click: choose },
      },
      h('b', null, `${one.title}${one.verb === 'resume' || one.verb === 'verify' ? '' : '…'}`),
      h('span', { class: 'muted small' }, one.does),
    );
  }
}

function confirm({ verb, title, does, danger, options }: Act, { name, node }: ActedProjection) {
  openDialog({
    title: `${title} ${name} on ${node}?`,
    content: [
      h('p', { class: 'lead' }, does),
      options?.(),
      h(
        'div',
        { class: 'acts' },
        cancelButton(),
        h('button', { type: 'submit', class: `button ${danger ? 'danger' : 'primary'}` }, title),
      ),
    ],
    onSubmit: async (form) => {
      const body = { name, ...(verb === 'rebuild' ? rebuildBody(new FormData(form)) : {}) };
      return perform(() => act(node, 'projection', verb, body), `${title}: ${name} on ${node}`);
    },
  });
}

/** What went wrong, or null; success is told in a notice. */
export async function perform(work: () => Promise<unknown>, done: string): Promise<string | null> {
  try {
    await work();
    notice(`${done} – accepted`);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function rebuildOptions(): Child {
  return [
    h(
      'label',
      { class: 'field' },
      'Source',
      h(
        'select',
        { name: 'source' },
        h('option', { value: 'log' }, 'Log, from its beginning (history included)'),
        h('option', { value: 'snapshot' }, 'Newest snapshot (faster)'),
      ),
    ),
    h(
      'label',
      { class: 'field' },
      'At most, rows per second',
      h('input', {
        name: 'throttle',
        type: 'number',
        min: '1',
        step: '1',
        inputmode: 'numeric',
        placeholder: 'No limit',
      }),
    ),
    h(
      'label',
      { class: 'check' },
      h('input', { name: 'activate', type: 'checkbox', checked: true }),
      'Put it in use when it is proved equal',
    ),
  ];
}

function rebuildBody(form: FormData): object {
  const throttle = Number(form.get('throttle'));
  return {
    source: form.get('source'),
    throttle: throttle > 0 ? throttle : null,
    activate: form.get('activate') !== null,
  };
}

/** Asks before an act on a job that cannot be taken back. */
export function confirmCancel(job: string, work: () => Promise<unknown>): void {
  openDialog({
    title: `Cancel ${job}?`,
    content: [
      h('p', { class: 'lead' }, 'What it has built is dropped; the version in use stays.'),
      h(
        'div',
        { class: 'acts' },
        cancelButton('Keep it'),
        h('button', { type: 'submit', class: 'button danger' }, 'Cancel the job'),
      ),
    ],
    onSubmit: () => perform(work, `Cancel ${job}`),
  });
}
