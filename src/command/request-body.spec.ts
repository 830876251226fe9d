import { describe, expect, it } from '@jest/globals';
import type { MetadError } from '@metad/contract';
import { parseRequestBody } from './request-body.js';

const parse = (text: string | Uint8Array) =>
  parseRequestBody(typeof text === 'string' ? Buffer.from(text) : text, 1024);
const refusal = (text: string | Uint8Array): MetadError => {
  try {
    parse(text);
  } catch (error) {
    return error as MetadError;
  }
  throw new Error('was not refused');
};
const fields = (error: MetadError) =>
  (error.details['faults'] as { field: string }[]).map((fault) => fault.field);

describe('a request body', () => {
  it('is a JSON object', () => {
    expect(parse('{"commandId":"a","data":{}}').value).toEqual({ commandId: 'a', data: {} });
  });

  it.each(['{', 'null', '[]', '"x"', '12', '{"a":}'])('is refused when it is %s', (text) => {
    expect(refusal(text).code).toBe('INVALID_ARGUMENT');
  });

  it('is refused when it is not UTF-8', () => {
    expect(refusal(Uint8Array.of(0x7b, 0xff, 0x7d)).message).toContain('not UTF-8');
  });

  it('is refused above the limit, which the error names', () => {
    const error = refusal(`{"data":"${'x'.repeat(2000)}"}`);
    expect(error.code).toBe('TOO_LARGE');
    expect(error.details).toEqual({ limit: 'requestBytesMax', max: 1024 });
  });

  it('names a property that would touch a prototype, however it is spelled', () => {
    expect(fields(refusal('{"data":{"__proto__":{"admin":true}}}'))).toEqual(['data.__proto__']);
    expect(fields(refusal('{"data":{"_\\u005fproto__":1}}'))).toEqual(['data.__proto__']);
  });

  it('is refused when it nests absurdly deep', () => {
    const text = `{"data":${'['.repeat(60)}${']'.repeat(60)}}`;
    expect(refusal(text).message).toContain('nests deeper');
  });

  it('may come inside a Nest ClientProxy packet', () => {
    const { value, body, packetId } = parse('{"pattern":"x","id":"7","data":{"commandId":"a"}}');
    expect(value).toEqual({ commandId: 'a' });
    expect(Buffer.from(body).toString()).toBe('{"commandId":"a"}');
    expect(packetId).toBe('7');
  });
});
