import { createHash } from 'node:crypto';

type Schema = Readonly<Record<string, unknown>>;

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: Schema }>> };
}

const STYLE = `
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto }
  body { padding: 0 1rem }
  code, pre { font: 13px/1.45 ui-monospace, monospace }
  pre { background: #8881; padding: .75rem; overflow-x: auto; border-radius: .4rem }
  summary { cursor: pointer; padding: .25rem 0 }
  summary b { display: inline-block; min-width: 3.5rem }
  h2 { margin-top: 2rem; border-bottom: 1px solid #8884 }
  :root { color-scheme: light dark }
`;

/** Lets the page have its own style and nothing else that is inline. */
export const DOCS_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The OpenAPI document as one page that needs nothing else: no script, no asset, no network. */
export function docsPage(document: Schema): string {
  const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  const byTag = new Map<string, string[]>();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags[0] ?? 'other';
      byTag.set(tag, [...(byTag.get(tag) ?? []), operationHtml(path, method, operation)]);
    }
  }
  const sections = [...byTag].map(([tag, html]) => `<h2>${escape(tag)}</h2>${html.join('')}`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>metad HTTP interface</title>
<meta name="viewport" content="width=device-width"><style>${STYLE}</style>
<h1>metad HTTP interface</h1>
<p>Made from <a href="/openapi.json"><code>/openapi.json</code></a>. Every request body is
<code>application/json</code>; the same bodies work over NATS. Errors have the body
<code>{"error": {code, status, message, definite, retryable, details}}</code>.</p>
${sections.join('\n')}</html>`;
}

function operationHtml(path: string, method: string, operation: Operation): string {
  const schema = operation.requestBody?.content['application/json']?.schema;
  const body = schema ? `<pre>${escape(JSON.stringify(schema, null, 2))}</pre>` : '';
  const heading = `<b>${method.toUpperCase()}</b> <code>${escape(path)}</code>`;
  return `<details><summary>${heading}</summary>${body}</details>`;
}

const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
