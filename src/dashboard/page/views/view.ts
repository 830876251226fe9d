import type { Store } from '../data/store.js';
import type { Child } from '../dom/vnode.js';

/** One section of the page. */
export interface View {
  readonly title: string;
  /** Draws what the store holds; called at each snapshot while the view is shown. */
  draw(store: Store): Child;
  /** What follows the section's name in the address: `#/records/resource/prod/db-1`. */
  open?(path: readonly string[]): void;
}

/** What a view asks the page for. */
export interface Surroundings {
  /** Draws again, after something in the view itself has changed. */
  readonly redraw: () => void;
}
