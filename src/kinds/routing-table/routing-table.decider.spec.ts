import { describe, it } from '@jest/globals';
import { scenarioOf } from '@metad/eventsourcing/testing';
import { routingTableDecider } from './routing-table.decider.js';
import { RoutePut, RouteRemoved } from './routing-table.events.js';

const table = scenarioOf(routingTableDecider);
const targets = [{ backend: 'blue', weight: 1 }];
const r1 = { routeId: 'r1', match: { host: 'a.example.org' }, targets, priority: 0 };
const r2 = { routeId: 'r2', match: { pathPrefix: '/v2' }, targets, priority: 0 };
const put = (route: typeof r1 | typeof r2) => new RoutePut({ table: 'web', ...route });
const named = (routeId: string) => ({ table: 'web', routeId });

describe('PutRoute', () => {
  it('begins a table with its first route', () => {
    table
      .given()
      .when('PutRoute', { ...named('r1'), match: { host: 'a.example.org' }, targets })
      .then(put(r1))
      .thenRecord({ table: 'web', routes: [r1] });
  });

  it('keeps matches in one form: lower case, no trailing slash', () => {
    table
      .given()
      .when('PutRoute', {
        ...named('r1'),
        match: { host: 'A.Example.ORG', pathPrefix: '/v1/', headers: { 'X-Env': 'Prod' } },
        targets,
      })
      .thenRecord({
        table: 'web',
        routes: [
          {
            ...r1,
            match: { host: 'a.example.org', pathPrefix: '/v1', headers: { 'x-env': 'Prod' } },
          },
        ],
      });
  });

  it('replaces a route as a whole and keeps the table in order', () => {
    table
      .given(put(r2), put(r1))
      .when('PutRoute', { ...named('r2'), match: {}, targets, priority: 7 })
      .thenRecord({ table: 'web', routes: [r1, { ...r2, match: {}, priority: 7 }] });
  });

  it('changes nothing when the route stands already', () => {
    table
      .given(put(r1))
      .when('PutRoute', { ...named('r1'), match: { host: 'A.example.org' }, targets })
      .thenNothing();
  });

  it('is refused when another route has the same match and priority', () => {
    table
      .given(put(r2))
      .when('PutRoute', { ...named('r3'), match: { pathPrefix: '/v2/' }, targets })
      .thenRefused('RULE_VIOLATED', 'routes-distinct');
  });

  it('is accepted with the same match and another priority', () => {
    table
      .given(put(r2))
      .when('PutRoute', { ...named('r3'), match: { pathPrefix: '/v2' }, targets, priority: 1 })
      .then(new RoutePut({ table: 'web', ...r2, routeId: 'r3', priority: 1 }));
  });

  it('is refused when all weights are 0', () => {
    table
      .given()
      .when('PutRoute', { ...named('r1'), match: {}, targets: [{ backend: 'b', weight: 0 }] })
      .thenRefused('RULE_VIOLATED', 'route-has-weight');
  });
});

describe('RemoveRoute', () => {
  it('removes one route, and with the last one the table', () => {
    table
      .given(put(r1), put(r2))
      .when('RemoveRoute', named('r1'))
      .thenRecord({ table: 'web', routes: [r2] });
    table.given(put(r1)).when('RemoveRoute', named('r1')).thenRecord(null);
  });

  it('is refused for a route that is not there', () => {
    table
      .given(put(r1), new RouteRemoved(named('r1')))
      .when('RemoveRoute', named('r1'))
      .thenRefused('NOT_FOUND', 'route-exists');
  });
});
