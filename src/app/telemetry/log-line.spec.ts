import { describe, expect, it } from '@jest/globals';
import { createLogger } from '../logger.js';
import { parseLogLine, readableLine, sentenceOf } from './log-line.js';

const configuration = { logLevel: 'info', node: 'n1', cluster: 'metad' } as Parameters<
  typeof createLogger
>[0];

/** A logger on a terminal, and what stands on it. */
function onTerminal(secrets: readonly string[] = []) {
  const written: string[] = [];
  const terminal = { write: (text: string) => written.push(text) > 0 };
  return { logger: createLogger(configuration, secrets, terminal), written };
}

describe('a log line', () => {
  it('is read with its level by name or number', () => {
    const read = { level: 40, message: 'slow', fields: { ms: 7 } };
    expect(parseLogLine('{"level":"warn","msg":"slow","ms":7}')).toEqual(read);
    expect(parseLogLine('{"level":40,"msg":"slow","ms":7}')).toEqual(read);
  });

  it('is text where it is no JSON object', () => {
    expect(parseLogLine('42')).toEqual({ level: 50, message: '42', fields: {} });
    expect(sentenceOf(parseLogLine('Trace: oh'))).toBe('Trace: oh');
  });

  it('becomes one that a person reads, without what is the same in every line', () => {
    const json =
      '{"level":"warn","time":"2026-11-22T12:00:05.123Z","node":"n1","cluster":"metad",' +
      '"partition":3,"peer":"n2","msg":"a peer is slow"}';
    expect(readableLine(json, false)).toBe(
      '12:00:05.123  WARN a peer is slow  partition=3 peer=n2\n',
    );
    expect(readableLine(json, true)).toMatch(/^12:00:05\.123 \u001b\[33m WARN\u001b\[0m a peer/);
  });

  it('cannot command the terminal', () => {
    const line = { level: 30, message: 'a\u001b[2Jb', fields: { id: 'c\r\nd\u009b' } };
    expect(sentenceOf(line)).toBe('a [2Jb  id=c  d ');
  });
});

describe('the logger of a node', () => {
  it('writes readable lines on a terminal, an error with its stack', () => {
    const { logger, written } = onTerminal();
    logger.info({ http: 'http://127.0.0.1:8080' }, 'ready');
    logger.error({ err: new Error('disk is full') }, 'write failed');
    logger.debug('not asked for');
    expect(written).toHaveLength(2);
    expect(written[0]).toMatch(/^[\d:.]{12} .*INFO.* ready {2}http=http:\/\/127\.0\.0\.1:8080\n$/);
    expect(written[1]).toMatch(/ERROR.* write failed {2}err=disk is full\n {4}at .*log-line\.spec/);
  });

  it('shows no secret there either', () => {
    const { logger, written } = onTerminal(['sesame']);
    logger.warn({ url: 'nats://ops:sesame@broker:4222' }, 'said sesame');
    expect(written.join('')).not.toMatch(/sesame/);
  });
});
