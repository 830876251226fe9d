/** Light, dark, or as the system says; kept in this browser. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'metad-theme';
const ORDER: readonly Theme[] = ['system', 'light', 'dark'];

export function theme(): Theme {
  const kept = localStorage.getItem(KEY);
  return ORDER.find((each) => each === kept) ?? 'system';
}

export function applyTheme(chosen: Theme): void {
  const root = document.documentElement;
  if (chosen === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = chosen;
}

export function nextTheme(): Theme {
  const next = ORDER[(ORDER.indexOf(theme()) + 1) % ORDER.length] ?? 'system';
  localStorage.setItem(KEY, next);
  applyTheme(next);
  return next;
}
