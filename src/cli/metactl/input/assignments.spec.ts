import { describe, expect, it } from '@jest/globals';
import { parseAssignments, parseExpectation } from './assignments.js';

describe('assignments', () => {
  it('read text, JSON and nested fields', () => {
    const texts = ['a=1', 'b:=1', 'c.d=x', 'c.e:=[true]', 'url=http://h?q=1', 'empty='];
    expect(parseAssignments('--set', texts)).toEqual({
      a: '1',
      b: 1,
      c: { d: 'x', e: [true] },
      url: 'http://h?q=1',
      empty: '',
    });
  });

  it.each([
    ['node', /write key=value/],
    ['=x', /write key=value/],
    ['a:=x', /must be JSON/],
    ['__proto__.polluted=1', /not a field/],
    ['a.constructor=1', /not a field/],
  ])('refuse %s', (text, words) => {
    expect(() => parseAssignments('--set', [text])).toThrow(words);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('refuse a field that is both a value and an object', () => {
    expect(() => parseAssignments('--set', ['a=1', 'a.b=2'])).toThrow(/a has a value/);
  });
});

describe('expectations', () => {
  it.each([
    [['version=7'], { version: 7 }],
    [['absent'], { absent: true }],
    [['exists=true', 'node=n'], { exists: true, node: 'n' }],
  ])('%j', (texts, expected) => {
    expect(parseExpectation(texts)).toEqual(expected);
  });

  it('want a number for a version', () => {
    expect(() => parseExpectation(['version=new'])).toThrow(/not a number/);
  });
});
