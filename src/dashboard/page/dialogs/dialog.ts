import { create, h, type Child } from '../dom/vnode.js';

export interface DialogParts {
  readonly title: string;
  readonly content: Child;
  /** Runs when the form is sent; a text is shown as what went wrong, null closes the dialog. */
  readonly onSubmit: (form: HTMLFormElement) => Promise<string | null>;
  readonly onCancel?: () => void;
}

let titles = 0;

/**
 * A modal dialog with a form. The browser keeps the focus inside and gives it back afterwards;
 * Escape closes it.
 */
export function openDialog({ title, content, onSubmit, onCancel }: DialogParts): HTMLDialogElement {
  const id = `dialog-title-${(titles += 1)}`;
  const fault = create(h('p', { class: 'fault', role: 'alert', hidden: true }));
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const buttons = [...form.querySelectorAll('button')];
    for (const button of buttons) button.disabled = true;
    const wrong = await onSubmit(form);
    if (wrong === null) return dialog.close('done');
    for (const button of buttons) button.disabled = false;
    fault.textContent = wrong;
    fault.hidden = false;
  };
  const form = h(
    'form',
    { method: 'dialog', on: { submit: (event: Event) => void send(event) } },
    h('h2', { id }, title),
    content,
  );
  const dialog = create(h('dialog', { 'aria-labelledby': id }, form)) as HTMLDialogElement;
  const acts = dialog.querySelector('.acts');
  acts?.before(fault);
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (dialog.returnValue !== 'done') onCancel?.();
  });
  document.querySelector('#dialogs')?.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Closes the dialog that it stands in. */
export const cancelButton = (text = 'Cancel') =>
  h(
    'button',
    {
      type: 'button',
      class: 'button',
      on: { click: (event: Event) => (event.target as Element).closest('dialog')?.close('') },
    },
    text,
  );
