import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { normalizeMatch, pickTarget, resolveRoute, weightOf } from './route-match.js';
import type { RouteRequest } from './route-match.js';
import type { Route, RouteMatch } from './routing-table.record.js';

const route = (routeId: string, match: RouteMatch, priority = 0): Route => ({
  routeId,
  match: normalizeMatch(match),
  targets: [{ backend: routeId, weight: 1 }],
  priority,
});
const taken = (routes: readonly Route[], request: RouteRequest) =>
  resolveRoute(routes, request)?.routeId ?? null;

describe('a route is found', () => {
  it('by exact host before wildcard host before none', () => {
    const routes = [
      route('none', {}),
      route('wide', { host: '*.org' }),
      route('near', { host: '*.example.org' }),
      route('exact', { host: 'a.example.org' }),
    ];
    expect(taken(routes, { host: 'A.example.org:8443' })).toBe('exact');
    expect(taken(routes, { host: 'b.c.example.org' })).toBe('near');
    expect(taken(routes, { host: 'example.org' })).toBe('wide');
    expect(taken(routes, { host: 'org' })).toBe('none');
    expect(taken(routes, {})).toBe('none');
  });

  it('by the longest path prefix, in whole segments', () => {
    const routes = [route('root', { pathPrefix: '/' }), route('v1', { pathPrefix: '/api/v1/' })];
    expect(taken(routes, { path: '/api/v1' })).toBe('v1');
    expect(taken(routes, { path: '/api/v1/users' })).toBe('v1');
    expect(taken(routes, { path: '/api/v10' })).toBe('root');
    expect(taken(routes, {})).toBeNull();
  });

  it('by more headers, whatever their case', () => {
    const routes = [
      route('one', { headers: { 'x-env': 'prod' } }),
      route('two', { headers: { 'X-Env': 'prod', 'x-canary': '1' } }),
    ];
    expect(taken(routes, { headers: { 'X-ENV': 'prod' } })).toBe('one');
    expect(taken(routes, { headers: { 'X-ENV': 'prod', 'x-canary': '1' } })).toBe('two');
    expect(taken(routes, { headers: { 'x-env': 'PROD' } })).toBeNull();
  });

  it('by priority only between routes that are equally specific', () => {
    const routes = [
      route('low', { pathPrefix: '/a' }, 1),
      route('high', { pathPrefix: '/a' }, 2),
      route('wide', { pathPrefix: '/' }, 99),
    ];
    expect(taken(routes, { path: '/a' })).toBe('high');
  });

  it('is one route always: the smaller id when nothing else tells them apart', () => {
    const routes = [route('b', { headers: { one: '1' } }), route('a', { headers: { two: '2' } })];
    expect(taken(routes, { headers: { one: '1', two: '2' } })).toBe('a');
  });
});

describe('a target is picked', () => {
  it('as often as its weight says', () => {
    const weighted: Route = {
      ...route('r', {}),
      targets: [
        { backend: 'off', weight: 0 },
        { backend: 'blue', weight: 3 },
        { backend: 'green', weight: 1 },
      ],
    };
    expect(weightOf(weighted)).toBe(4);
    const picked = [0, 1, 2, 3].map((point) => pickTarget(weighted, point).backend);
    expect(picked).toEqual(['blue', 'blue', 'blue', 'green']);
    expect(() => pickTarget(weighted, 4)).toThrow(RangeError);
  });
});

// Written from the words of the contract alone: every criterion filters the routes that are left.
function reference(routes: readonly Route[], request: RouteRequest): string | null {
  const labelsOf = (host: string) => host.toLowerCase().split('.');
  const segments = (path: string) => path.split('/').filter((part) => part !== '');
  const sent = new Map(
    Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const holds = ({ match }: Route): boolean => {
    if (match.host !== undefined) {
      if (request.host === undefined) return false;
      const wanted = labelsOf(match.host);
      const given = labelsOf(request.host);
      if (wanted[0] === '*') {
        const tail = given.slice(-(wanted.length - 1)).join('.');
        if (given.length < wanted.length || tail !== wanted.slice(1).join('.')) return false;
      } else if (wanted.join('.') !== given.join('.')) return false;
    }
    if (match.pathPrefix !== undefined) {
      if (request.path === undefined) return false;
      const wanted = segments(match.pathPrefix);
      const given = segments(request.path);
      if (wanted.some((part, at) => given[at] !== part)) return false;
    }
    return Object.entries(match.headers ?? {}).every(([name, value]) => sent.get(name) === value);
  };
  const keepBest = (left: Route[], score: (one: Route) => number): Route[] => {
    const best = Math.max(...left.map(score));
    return left.filter((one) => score(one) === best);
  };
  let left = routes.filter(holds);
  if (left.length === 0) return null;
  left = keepBest(left, ({ match: { host } }) =>
    host === undefined ? 0 : host[0] === '*' ? 1 : 2,
  );
  left = keepBest(left, ({ match: { host } }) => (host ?? '').length);
  left = keepBest(left, ({ match: { pathPrefix } }) => (pathPrefix ?? '').length);
  left = keepBest(left, ({ match: { headers } }) => Object.keys(headers ?? {}).length);
  left = keepBest(left, ({ priority }) => priority);
  return left.map(({ routeId }) => routeId).sort()[0] as string;
}

describe('resolveRoute', () => {
  it('agrees with a plain scan written from the contract', () => {
    const host = fc.constantFrom('a.org', 'b.a.org', 'c.b.a.org', 'org', 'x.net');
    const path = fc.constantFrom('/', '/a', '/a/b', '/a/b/c', '/ab', '/b');
    const headers = fc.dictionary(fc.constantFrom('x', 'y', 'Z'), fc.constantFrom('1', '2'), {
      maxKeys: 3,
      noNullPrototype: true,
    });
    const match = fc.record(
      { host: fc.oneof(host, fc.constantFrom('*.org', '*.a.org')), pathPrefix: path, headers },
      { requiredKeys: [] },
    );
    const routes = fc.array(fc.tuple(match, fc.integer({ min: 0, max: 2 })), { maxLength: 12 });
    const request = fc.record({ host, path, headers }, { requiredKeys: [] });
    fc.assert(
      fc.property(routes, request, (matches, asked) => {
        const all = matches.map(([one, priority], at) => route(`r${at}`, one, priority));
        expect(taken(all, asked)).toBe(reference(all, asked));
      }),
      { numRuns: 3_000 },
    );
  });
});
