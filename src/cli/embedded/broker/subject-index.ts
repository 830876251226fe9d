import type { Subscription } from './subscription.js';

/** Everyone a subject goes to: each of `plain`, and one member of each of `groups`. */
export interface Receivers {
  readonly plain: readonly Subscription[];
  readonly groups: readonly (readonly Subscription[])[];
}

/** How many matches are remembered; beyond it the memory starts anew (inboxes come and go). */
const cachedMatchesMax = 4_096;

class TrieNode {
  readonly children = new Map<string, TrieNode>();
  readonly plain: Subscription[] = [];
  readonly groups = new Map<string, Subscription[]>();

  get isEmpty(): boolean {
    return this.children.size === 0 && this.plain.length === 0 && this.groups.size === 0;
  }
}

/**
 * Subscriptions by subject, as a trie of tokens in which `*` and `>` are branches like any other.
 * A match is remembered per subject until the next SUB or UNSUB, so that a busy subject costs one
 * map look-up.
 */
export class SubjectIndex {
  private readonly root = new TrieNode();
  private readonly cache = new Map<string, Receivers>();

  add(subscription: Subscription): void {
    let node = this.root;
    for (const token of subscription.subject.split('.')) {
      let child = node.children.get(token);
      if (child === undefined) node.children.set(token, (child = new TrieNode()));
      node = child;
    }
    if (subscription.queue === '') node.plain.push(subscription);
    else {
      const group = node.groups.get(subscription.queue);
      if (group === undefined) node.groups.set(subscription.queue, [subscription]);
      else group.push(subscription);
    }
    this.cache.clear();
  }

  remove(subscription: Subscription): void {
    this.removeBelow(this.root, subscription.subject.split('.'), 0, subscription);
    this.cache.clear();
  }

  match(subject: string): Receivers {
    const known = this.cache.get(subject);
    if (known !== undefined) return known;
    const plain: Subscription[] = [];
    const groups = new Map<string, Subscription[]>();
    collect(this.root, subject.split('.'), 0, plain, groups);
    const receivers: Receivers = { plain, groups: [...groups.values()] };
    if (this.cache.size >= cachedMatchesMax) this.cache.clear();
    this.cache.set(subject, receivers);
    return receivers;
  }

  private removeBelow(
    node: TrieNode,
    tokens: readonly string[],
    at: number,
    subscription: Subscription,
  ): void {
    const token = tokens[at];
    if (token === undefined) {
      removeFrom(node, subscription);
      return;
    }
    const child = node.children.get(token);
    if (child === undefined) return;
    this.removeBelow(child, tokens, at + 1, subscription);
    if (child.isEmpty) node.children.delete(token);
  }
}

function removeFrom(node: TrieNode, subscription: Subscription): void {
  const list = subscription.queue === '' ? node.plain : node.groups.get(subscription.queue);
  const at = list?.indexOf(subscription) ?? -1;
  if (list === undefined || at === -1) return;
  list.splice(at, 1);
  if (list.length === 0) node.groups.delete(subscription.queue);
}

function collect(
  node: TrieNode,
  tokens: readonly string[],
  at: number,
  plain: Subscription[],
  groups: Map<string, Subscription[]>,
): void {
  const token = tokens[at];
  if (token === undefined) {
    take(node, plain, groups);
    return;
  }
  const tail = node.children.get('>');
  if (tail !== undefined) take(tail, plain, groups);
  const any = node.children.get('*');
  if (any !== undefined) collect(any, tokens, at + 1, plain, groups);
  // A published `*` or `>` is an ordinary word; it must not take the wildcard's branch twice.
  if (token === '*' || token === '>') return;
  const exact = node.children.get(token);
  if (exact !== undefined) collect(exact, tokens, at + 1, plain, groups);
}

function take(node: TrieNode, plain: Subscription[], groups: Map<string, Subscription[]>): void {
  for (const subscription of node.plain) plain.push(subscription);
  for (const [queue, members] of node.groups) {
    const group = groups.get(queue);
    if (group === undefined) groups.set(queue, [...members]);
    else group.push(...members);
  }
}
