import { describe, it } from '@jest/globals';
import { scenarioOf } from '@metad/eventsourcing/testing';
import { maintenanceDecider } from './maintenance.decider.js';
import { MaintenanceBegun, MaintenanceEnded } from './maintenance.events.js';

const maintenance = scenarioOf(maintenanceDecider);
const upgrade = { node: 'n1', reason: 'kernel upgrade', ttlMs: 60_000 };

describe('a maintenance', () => {
  it('begins on a node that has none', () => {
    maintenance.given().when('BeginMaintenance', upgrade).then(new MaintenanceBegun(upgrade));
  });

  it('is one at a time', () => {
    maintenance
      .given(new MaintenanceBegun(upgrade))
      .when('BeginMaintenance', { ...upgrade, reason: 'new disk' })
      .thenRefused('RULE_VIOLATED', 'maintenance-one-at-a-time');
  });

  it('lasts longer when it is begun again', () => {
    maintenance
      .given(new MaintenanceBegun(upgrade))
      .when('BeginMaintenance', upgrade)
      .thenRenewed();
  });

  it('ends by itself', () => {
    maintenance
      .given(new MaintenanceBegun(upgrade))
      .whenExpired()
      .then(new MaintenanceEnded({ node: 'n1', isOverdue: true }))
      .thenRecord(null);
  });
});
