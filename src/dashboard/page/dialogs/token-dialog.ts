import { token } from '../data/api.js';
import { h } from '../dom/vnode.js';
import { cancelButton, openDialog } from './dialog.js';

let open: HTMLDialogElement | null = null;

/** Asks for the token; `why` says what it was needed for. Only one is open at a time. */
export function openTokenDialog(why: string | null, onChange: () => void): void {
  if (open?.isConnected) return;
  const held = token.get();
  open = openDialog({
    title: 'Access token',
    content: [
      h(
        'p',
        { class: 'lead' },
        why ?? 'Nodes that ask for a token let the page read with it and act with an operator’s.',
      ),
      h(
        'label',
        { class: 'field' },
        'Token',
        h('input', {
          name: 'token',
          type: 'password',
          autocomplete: 'off',
          spellcheck: 'false',
          autofocus: true,
          'aria-describedby': 'token-note',
        }),
      ),
      h(
        'p',
        { class: 'muted small', id: 'token-note' },
        held === ''
          ? 'It stays in this tab, is sent to this node alone and is gone when the tab closes.'
          : 'A token is held in this tab. A new one takes its place; none removes it.',
      ),
      h(
        'div',
        { class: 'acts' },
        cancelButton(),
        h(
          'button',
          { type: 'submit', class: 'button primary' },
          held === '' ? 'Use token' : 'Replace token',
        ),
      ),
    ],
    onSubmit: async (form) => {
      token.set((new FormData(form).get('token') as string).trim());
      onChange();
      return null;
    },
  });
}
