import { create, h } from '../dom/vnode.js';

const shownMs = 6_000;

/** Says in a corner, and to screen readers, what became of an act. */
export function notice(text: string, tone: 'ok' | 'bad' = 'ok'): void {
  const element = create(h('div', { class: `notice ${tone}` }, text));
  document.querySelector('#notices')?.append(element);
  setTimeout(() => element.remove(), shownMs);
}
