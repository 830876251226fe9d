import type { Page } from 'playwright-core';

/**
 * What a machine can tell of a page's accessibility: landmarks, headings, names, table headers,
 * unique ids, and the contrast of every text against what is really behind it (WCAG 2.2, 1.4.3).
 */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  return [
    ...(await page.evaluate(structureFaults)),
    ...(await page.evaluate(nameFaults)),
    ...(await page.evaluate(contrastFaults)),
  ];
}

function structureFaults(): string[] {
  const faults: string[] = [];
  const count = (selector: string): number => document.querySelectorAll(selector).length;
  if (document.documentElement.lang !== 'en') faults.push('the page names no language');
  for (const landmark of ['main', 'header.top', 'nav.rail']) {
    if (count(landmark) !== 1) faults.push(`${count(landmark)} of ${landmark}`);
  }
  if (count('h1') !== 1) faults.push(`${count('h1')} main headings`);
  let level = 0;
  for (const { tagName, textContent } of document.querySelectorAll('h1, h2, h3, h4')) {
    const next = Number(tagName.slice(1));
    if (next > level + 1) faults.push(`heading ${textContent} skips a level`);
    level = next;
  }
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
  if (twice.length > 0) faults.push(`ids used twice: ${twice.join()}`);
  for (const table of document.querySelectorAll('table')) {
    if (table.caption === null) faults.push('a table has no caption');
    const heads = [...table.querySelectorAll('th')];
    if (heads.some((head) => !head.scope)) faults.push('a header cell has no scope');
  }
  return faults;
}

function nameFaults(): string[] {
  const nameOf = (element: Element): string => {
    const label = (element as HTMLInputElement).labels?.[0]?.textContent ?? '';
    return (element.getAttribute('aria-label') ?? `${label}${element.textContent ?? ''}`).trim();
  };
  const named = 'a[href], button, input, select, [role=progressbar], [role=img], nav, dialog';
  return [...document.querySelectorAll(named)]
    .filter((element) => nameOf(element) === '' && !element.hasAttribute('aria-labelledby'))
    .map((element) => `no name: ${element.outerHTML.slice(0, 80)}`);
}

function contrastFaults(): string[] {
  type Rgb = readonly [number, number, number, number];
  const parse = (text: string): Rgb => {
    const [r = 0, g = 0, b = 0, a = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
    return [r, g, b, a];
  };
  const channel = (value: number): number => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  const luminance = ([r, g, b]: Rgb): number =>
    0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element: Element | null): Rgb => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color[3] === 1) return color;
    }
    return [255, 255, 255, 1];
  };
  const faults = new Set<string>();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    if (element === null || (node.textContent ?? '').trim() === '') continue;
    if (!element.checkVisibility() || element.closest(':disabled, .hidden-text, .skip')) continue;
    const style = getComputedStyle(element);
    const [front, back] = [luminance(parse(style.color)), luminance(behind(element))];
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio >= (isLarge ? 3 : 4.5)) continue;
    const says = (node.textContent ?? '').trim().slice(0, 30);
    faults.add(`contrast ${ratio.toFixed(2)}: ${says} (${element.className})`);
  }
  return [...faults];
}
