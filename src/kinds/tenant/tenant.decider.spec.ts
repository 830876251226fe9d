import { describe, it } from '@jest/globals';
import { scenarioOf } from '@metad/eventsourcing/testing';
import { tenantDecider } from './tenant.decider.js';
import { TenantEvicted, TenantPlaced } from './tenant.events.js';

const tenant = scenarioOf(tenantDecider);
const acme = { tenantId: 'acme', cell: 'eu-1', labels: {} };
const placed = new TenantPlaced(acme);

describe('PlaceTenant', () => {
  it('places a new tenant', () => {
    tenant
      .given()
      .when('PlaceTenant', { tenantId: 'acme', cell: 'eu-1' })
      .then(placed)
      .thenRecord(acme);
  });

  it('states the whole placement: what it leaves out is gone', () => {
    tenant
      .given(new TenantPlaced({ ...acme, node: 'n1', tier: 'gold', labels: { a: '1' } }))
      .when('PlaceTenant', { tenantId: 'acme', cell: 'us-1' })
      .thenRecord({ ...acme, cell: 'us-1' });
  });

  it('changes nothing when the tenant lives there already', () => {
    tenant
      .given(new TenantPlaced({ ...acme, labels: { a: '1', b: '2' } }))
      .when('PlaceTenant', { tenantId: 'acme', cell: 'eu-1', labels: { b: '2', a: '1' } })
      .thenNothing();
  });
});

describe('EvictTenant', () => {
  it('removes the placement', () => {
    tenant
      .given(placed)
      .when('EvictTenant', { tenantId: 'acme' })
      .then(new TenantEvicted({ tenantId: 'acme' }))
      .thenRecord(null);
  });

  it('is refused while the tenant has assigned resources', () => {
    tenant
      .given(placed)
      .and({ dependents: 1 })
      .when('EvictTenant', { tenantId: 'acme' })
      .thenRefused('RULE_VIOLATED', 'tenant-without-resources');
  });

  it('is refused for a tenant that is not placed', () => {
    tenant
      .given()
      .when('EvictTenant', { tenantId: 'acme' })
      .thenRefused('NOT_FOUND', 'tenant-exists');
    tenant
      .given(placed, new TenantEvicted({ tenantId: 'acme' }))
      .when('EvictTenant', { tenantId: 'acme' })
      .thenRefused('NOT_FOUND', 'tenant-exists');
  });
});
