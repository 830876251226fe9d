/** JSON schemas of what surrounds every command and query. Source: the contract. */
export const META = {
  type: 'object',
  additionalProperties: false,
  properties: {
    actor: { type: 'string' },
    reason: { type: 'string' },
    correlationId: { type: 'string' },
    causationId: { type: 'string' },
  },
};

const record = { type: 'object', description: 'The record, with kind, namespace, id and version' };

export const COMMAND_REPLY = {
  type: 'object',
  required: ['outcome', 'version', 'position', 'events', 'record'],
  properties: {
    outcome: { enum: ['applied', 'noop', 'duplicate'] },
    version: { type: 'integer' },
    fence: { type: 'integer', description: 'Hand it to whatever the owner writes to' },
    position: { type: 'string', description: 'Opaque; give it to session queries' },
    brief: {
      const: true,
      description: 'The first outcome is kept in brief: its events and record are not known',
    },
    events: {
      type: 'array',
      items: {
        type: 'object',
        properties: { type: { type: 'string' }, data: { type: 'object' } },
      },
    },
    record: { oneOf: [record, { type: 'null' }] },
  },
};

export const QUERY_REPLY = {
  type: 'object',
  required: ['position', 'lagMs'],
  properties: {
    item: { type: 'object' },
    items: { type: 'array', items: { type: 'object' } },
    position: { type: 'string' },
    lagMs: { type: 'number' },
    cursor: { type: 'string', description: 'There is another page' },
  },
};

export const ERROR_BODY = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'status', 'message', 'definite', 'retryable', 'details'],
      properties: {
        code: { type: 'string' },
        status: { type: 'integer' },
        message: { type: 'string' },
        definite: { type: 'boolean', description: 'The command surely did not take effect' },
        retryable: { type: 'boolean' },
        details: { type: 'object' },
      },
    },
  },
};

export const BATCH_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['commands'],
  properties: {
    commands: {
      type: 'array',
      minItems: 1,
      maxItems: 128,
      items: {
        type: 'object',
        required: ['command', 'data'],
        properties: {
          command: { type: 'string' },
          data: { type: 'object' },
          expect: { type: 'object' },
        },
      },
    },
  },
};
