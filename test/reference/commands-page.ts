import { z } from 'zod';
import { KINDS } from '../../src/kinds/index.js';
import { ALL_QUERIES } from '../../src/query/all-queries.js';
import { code, table } from './markdown.js';

interface Shape {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
}

const shapeOf = (schema: z.ZodType): Shape =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Shape;

/** A shape in one line: `tenantId` `ttlMs?` `shards: [{shardId, start}]`. */
function fieldsOf(shape: Shape): string {
  const choices = shape.anyOf ?? shape.oneOf;
  if (choices) return choices.map(fieldsOf).join(' or ');
  const { properties = {}, required = [] } = shape;
  return Object.entries(properties)
    .map(([name, field]) => {
      const mark = required.includes(name) ? '' : '?';
      const inner = innerOf(field);
      return code(`${name}${mark}${inner === 'text' ? '' : `: ${inner}`}`);
    })
    .join(' ');
}

function innerOf(shape: Shape): string {
  const choices = shape.anyOf ?? shape.oneOf;
  if (shape.const !== undefined) return JSON.stringify(shape.const);
  if (shape.enum) return shape.enum.map((value) => JSON.stringify(value)).join(' or ');
  if (choices) return [...new Set(choices.map(innerOf))].join(' or ');
  if (shape.items) return `[${innerOf(shape.items)}]`;
  if (shape.type === 'object' && shape.properties) {
    const names = Object.keys(shape.properties).map(
      (name) => `${name}${shape.required?.includes(name) === true ? '' : '?'}`,
    );
    return `{${names.join(', ')}}`;
  }
  return shape.type === 'string' ? 'text' : (shape.type ?? 'any');
}

export function commandsPage(): string {
  const commands = KINDS.commandNames().map((name) => {
    const { kind, definition } = KINDS.command(name) ?? {};
    if (!kind || !definition) throw new Error(`no command ${name}`);
    return [code(name), kind.kind, fieldsOf(shapeOf(definition.schema))];
  });
  const queries = ALL_QUERIES.names().map((name) => {
    const params = ALL_QUERIES.find(name)?.params;
    return [code(name), params ? fieldsOf(shapeOf(params)) || '–' : '–'];
  });
  return `# Commands and queries

What is in \`data\` of a command and \`params\` of a query. A field with \`?\` may be left out;
a type stands behind a colon where it is no text. The full schemas, with every limit, are at
\`/openapi.json\` of a node.

## Commands

Sent to \`metad.v1.cmd.<namespace>.<Command>\` or \`POST /api/v1/commands/<namespace>/<Command>\`.

${table(['command', 'kind', 'data'], commands)}

\`Batch\` takes \`{"commands": [{"command", "data", "expect"?}, …]}\`: at most 128 of the above,
of one partition, all or none.

## Queries

Sent to \`metad.v1.query.<namespace>.<Query>\` or \`POST /api/v1/queries/<namespace>/<Query>\`.

${table(['query', 'params'], queries)}
`;
}
