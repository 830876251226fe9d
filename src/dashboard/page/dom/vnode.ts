/**
 * Elements as data, and the smallest patch that turns what is shown into them. Elements that stay
 * keep their focus, selection and scroll position, however often a view is drawn again. Text is
 * only ever set as text: nothing that a record holds can become markup.
 */
export interface VNode {
  readonly tag: string;
  readonly props: Props;
  readonly children: readonly (VNode | string)[];
}

type Handler = (event: Event) => void;

export interface Props {
  readonly key?: string | number;
  readonly on?: Readonly<Record<string, Handler>>;
  /** Style properties, set one by one: the page's policy allows no style attribute. */
  readonly style?: Readonly<Record<string, string>>;
  readonly [attribute: string]: unknown;
}

export type Child = VNode | string | number | null | undefined | false | readonly Child[];

export function h(tag: string, props: Props | null, ...children: Child[]): VNode {
  const flat: (VNode | string)[] = [];
  flatten(children, flat);
  return { tag, props: props ?? {}, children: flat };
}

function flatten(children: readonly Child[], into: (VNode | string)[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) flatten(child as readonly Child[], into);
    else into.push(typeof child === 'number' ? String(child) : (child as VNode | string));
  }
}

const SVG = 'http://www.w3.org/2000/svg';
const SVG_TAGS = new Set(['svg', 'path', 'polyline', 'polygon', 'circle']);
const shown = new WeakMap<Node, VNode>();
/** Set as properties: as attributes they would only give what an element begins with. */
const PROPERTIES = new Set(['value', 'checked', 'disabled', 'hidden', 'selected', 'open']);

/** Makes the children of `host` what `children` say. */
export function patch(host: Element, ...children: Child[]): void {
  const wanted: (VNode | string)[] = [];
  flatten(children, wanted);
  patchChildren(host, wanted);
}

/** A new element, for what is made once, such as a dialog. */
export function create(node: VNode): HTMLElement {
  return make(node) as HTMLElement;
}

function patchChildren(host: Element, wanted: readonly (VNode | string)[]): void {
  const keyed = new Map<string | number, Node>();
  for (const child of host.childNodes) {
    const key = shown.get(child)?.props.key;
    if (key !== undefined) keyed.set(key, child);
  }
  let at: ChildNode | null = host.firstChild;
  for (const child of wanted) {
    const found = candidate(child, at, keyed);
    if (found === null) {
      host.insertBefore(make(child), at);
      continue;
    }
    if (found === at) at = at.nextSibling;
    else host.insertBefore(found, at);
    update(found, child);
  }
  while (at !== null) {
    const next: ChildNode | null = at.nextSibling;
    at.remove();
    at = next;
  }
}

function candidate(
  child: VNode | string,
  at: ChildNode | null,
  keyed: Map<string | number, Node>,
): Node | null {
  if (typeof child === 'string') return at?.nodeType === 3 ? at : null;
  const { key } = child.props;
  if (key !== undefined) {
    const found = keyed.get(key);
    return found !== undefined && shown.get(found)?.tag === child.tag ? found : null;
  }
  if (at === null) return null;
  const before = shown.get(at);
  return before?.tag === child.tag && before.props.key === undefined ? at : null;
}

function make(child: VNode | string): Node {
  if (typeof child === 'string') return document.createTextNode(child);
  const { tag } = child;
  const element = SVG_TAGS.has(tag)
    ? document.createElementNS(SVG, tag)
    : document.createElement(tag);
  shown.set(element, { tag, props: {}, children: [] });
  update(element, child);
  return element;
}

function update(found: Node, child: VNode | string): void {
  if (typeof child === 'string') {
    if (found.nodeValue !== child) found.nodeValue = child;
    return;
  }
  const element = found as HTMLElement;
  const before = shown.get(element)?.props ?? {};
  patchChildren(element, child.children);
  setProps(element, before, child.props);
  shown.set(element, child);
}

function setProps(element: HTMLElement, before: Props, after: Props): void {
  for (const name of Object.keys(before)) {
    if (!(name in after)) set(element, name, before[name], undefined);
  }
  for (const [name, value] of Object.entries(after)) set(element, name, before[name], value);
}

function set(element: HTMLElement, name: string, before: unknown, value: unknown): void {
  if (name === 'key') return;
  if (name === 'on') return setHandlers(element, before as Props['on'], value as Props['on']);
  if (name === 'style') return setStyle(element, value as Props['style']);
  if (PROPERTIES.has(name)) {
    const target = element as unknown as Record<string, unknown>;
    // A field that is being written in belongs to whoever writes.
    if (name === 'value' && before === value) return;
    if (target[name] !== value) target[name] = value ?? (name === 'value' ? '' : false);
    return;
  }
  if (before === value) return;
  if (value === undefined || value === null || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : attributeText(value));
}

const attributeText = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

function setHandlers(element: HTMLElement, before: Props['on'], after: Props['on']): void {
  for (const [type, handler] of Object.entries(before ?? {})) {
    if (after?.[type] !== handler) element.removeEventListener(type, handler);
  }
  for (const [type, handler] of Object.entries(after ?? {})) {
    if (before?.[type] !== handler) element.addEventListener(type, handler);
  }
}

function setStyle(element: HTMLElement, after: Props['style']): void {
  for (const [name, value] of Object.entries(after ?? {})) {
    if (element.style.getPropertyValue(name) !== value) element.style.setProperty(name, value);
  }
}
