import { ERROR_CODES } from '@metad/contract';
import { z } from 'zod';
import type { KindRegistry } from '../../kinds/index.js';
import type { QueryCatalog } from '../../query/query-catalog.js';
import { BATCH_SCHEMA, COMMAND_REPLY, ERROR_BODY, META, QUERY_REPLY } from './envelope-schemas.js';

type Schema = Readonly<Record<string, unknown>>;

const version = '3.1.0';
const NAMESPACE = {
  name: 'namespace',
  in: 'path',
  required: true,
  schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' },
};

/**
 * The service's HTTP interface in OpenAPI 3.1, made from what the service checks requests with:
 * the kinds' command schemas and the queries' parameter schemas.
 */
export function openApiDocument(
  kinds: KindRegistry,
  queries: QueryCatalog,
  release: string,
): Schema {
  const paths: Record<string, Schema> = {};
  for (const name of kinds.commandNames().sort()) {
    const command = kinds.command(name);
    if (command === null) continue;
    const data = jsonSchema(command.definition.schema);
    paths[`/api/v1/commands/{namespace}/${name}`] = commandPath(name, command.kind.kind, data);
  }
  paths['/api/v1/commands/{namespace}/Batch'] = commandPath('Batch', 'batch', BATCH_SCHEMA);
  for (const name of queries.names()) {
    const query = queries.find(name);
    if (query === null) continue;
    paths[`/api/v1/queries/{namespace}/${name}`] = queryPath(name, jsonSchema(query.params));
  }
  return {
    openapi: version,
    info: {
      title: 'metad',
      version: release,
      description: 'Control-plane metadata, replicated by Raft. The same bodies work over NATS.',
    },
    paths: { ...paths, ...otherPaths() },
    components: {
      schemas: { CommandReply: COMMAND_REPLY, QueryReply: QUERY_REPLY, Error: ERROR_BODY },
    },
  };
}

function commandPath(name: string, tag: string, data: Schema): Schema {
  const schema = {
    type: 'object',
    additionalProperties: false,
    required: ['commandId', 'data'],
    properties: {
      commandId: { type: 'string', format: 'uuid', description: 'Repeat it in every retry.' },
      data,
      expect: { type: 'object', description: '{version}, {absent}, {exists} or named fields' },
      deadline: { type: 'string', format: 'date-time' },
      meta: META,
      dryRun: { type: 'boolean' },
    },
  };
  return post(name, `commands: ${tag}`, schema, 'CommandReply');
}

function queryPath(name: string, params: Schema): Schema {
  const schema = {
    type: 'object',
    additionalProperties: false,
    properties: {
      params,
      consistency: { enum: ['linearizable', 'session', 'bounded', 'any'], default: 'session' },
      position: { type: 'string' },
      maxLagMs: { type: 'number', minimum: 0 },
      limit: { type: 'integer', minimum: 1, maximum: 1_000 },
      cursor: { type: 'string' },
    },
  };
  return post(name, 'queries', schema, 'QueryReply');
}

function post(operationId: string, tag: string, schema: Schema, reply: string): Schema {
  return {
    post: {
      operationId,
      tags: [tag],
      parameters: [NAMESPACE],
      requestBody: { required: true, content: { 'application/json': { schema } } },
      responses: { 200: json('The answer', reply), ...errorResponses() },
    },
  };
}

const json = (description: string, name: string): Schema => ({
  description,
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
});

/** One response for each status, naming the codes that come with it. */
function errorResponses(): Readonly<Record<string, Schema>> {
  const byStatus = new Map<number, string[]>();
  for (const [code, { status }] of Object.entries(ERROR_CODES)) {
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [status, json(codes.join(', '), 'Error')]),
  );
}

function otherPaths(): Readonly<Record<string, Schema>> {
  const segment = (name: string) => ({
    ...NAMESPACE,
    name,
    schema: { type: 'string' },
  });
  const text = (name: string, description: string) => ({
    ...{ name, in: 'query', description, schema: { type: 'string' } },
  });
  const stream = { description: 'Server-sent events', content: { 'text/event-stream': {} } };
  return {
    '/api/v1/watch/{namespace}': {
      get: {
        operationId: 'watch',
        tags: ['watch'],
        parameters: [
          NAMESPACE,
          text('from', '`now`, `snapshot` or a position'),
          text('kind', 'kind of record; any other field of the record can be named likewise'),
          text('filter', 'the whole filter as JSON'),
        ],
        responses: { 200: stream, ...errorResponses() },
      },
    },
    '/api/v1/admin/{node}/{noun}/{verb}': {
      post: {
        operationId: 'admin',
        tags: ['administration'],
        parameters: [segment('node'), segment('noun'), segment('verb')],
        requestBody: { content: { 'application/json': { schema: { type: 'object' } } } },
        responses: { 200: { description: 'What the act answers' }, ...errorResponses() },
      },
    },
  };
}

function jsonSchema(schema: z.ZodType): Schema {
  const converted = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const { $schema: dialect, ...rest } = converted;
  return dialect === undefined ? converted : rest;
}
