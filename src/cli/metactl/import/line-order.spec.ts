import { describe, expect, it } from '@jest/globals';
import { LineOrder, recordPath } from './line-order.js';

const path = (command: string, data: Record<string, unknown>): string[] =>
  recordPath({ namespace: 'prod', command, data });
const db1 = path('AssignResource', { tenantId: 'acme', resourceId: 'db-1' });
const db2 = path('AssignResource', { tenantId: 'acme', resourceId: 'db-2' });
const acme = path('EvictTenant', { tenantId: 'acme' });
const other = path('PlaceTenant', { tenantId: 'acme2' });
const anything = path('SomethingNew', { name: 'x' });

describe('the order of lines', () => {
  it('lets different records overtake each other, and never the same', () => {
    const order = new LineOrder();
    order.begin(db1);
    expect([db1, db2, other].map((each) => order.admits(each))).toEqual([false, true, true]);
    order.end(db1);
    expect(order.admits(db1)).toBe(true);
  });

  it('makes a tenant wait for its resources, and them for it', () => {
    const order = new LineOrder();
    order.begin(db1);
    expect(order.admits(acme)).toBe(false);
    order.end(db1);
    order.begin(acme);
    expect([db1, db2, other].map((each) => order.admits(each))).toEqual([false, false, true]);
  });

  it('makes a command that it does not know wait for its whole namespace', () => {
    const order = new LineOrder();
    order.begin(db1);
    expect(order.admits(anything)).toBe(false);
    order.end(db1);
    order.begin(anything);
    expect([db1, other].map((each) => order.admits(each))).toEqual([false, false]);
    expect(order.admits(['staging', 'tenants', 'acme'])).toBe(true);
  });

  it('keeps the members of services apart, and treats maps and tables as one record each', () => {
    const of = (data: Record<string, unknown>): string => path('X', data).join('/');
    expect(of({ service: 's', instanceId: 'i' })).toBe('prod/services/s/i');
    expect(of({ service: 's', instanceIds: ['i'] })).toBe('prod/services/s');
    expect(of({ map: 'm', shardId: '1' })).toBe('prod/shard-maps/m');
    expect(of({ table: 't', routeId: 'r' })).toBe('prod/routing-tables/t');
  });
});
