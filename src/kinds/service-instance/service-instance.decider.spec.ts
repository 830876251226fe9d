import { describe, it } from '@jest/globals';
import { scenarioOf } from '@metad/eventsourcing/testing';
import { serviceInstanceDecider } from './service-instance.decider.js';
import {
  InstanceDeregistered,
  InstanceExpired,
  InstanceRegistered,
} from './service-instance.events.js';

const instance = scenarioOf(serviceInstanceDecider);
const api1 = { service: 'api', instanceId: 'i-1' };
const request = { ...api1, address: '10.0.0.1', port: 8080, ttlMs: 5_000 };
const value = { ...request, tags: [], metadata: {} };
const registered = new InstanceRegistered(value);

describe('RegisterInstance', () => {
  it('creates an instance', () => {
    instance.given().when('RegisterInstance', request).then(registered).thenRecord(value);
  });

  it('replaces it as a whole', () => {
    instance
      .given(new InstanceRegistered({ ...value, zone: 'a', tags: ['blue'] }))
      .when('RegisterInstance', { ...request, port: 9090 })
      .thenRecord({ ...value, port: 9090 });
  });

  it('renews when it says what is known already', () => {
    instance.given(registered).when('RegisterInstance', request).thenRenewed();
  });
});

describe('RenewInstances', () => {
  it('extends the time to live and nothing else', () => {
    instance
      .given(registered)
      .when('RenewInstances', { service: 'api', instanceIds: ['i-1'] })
      .thenRenewed();
  });

  it('still does so when the time is over but no entry has said it', () => {
    instance
      .given(registered)
      .and({ leaseEnded: true })
      .when('RenewInstances', { service: 'api', instanceIds: ['i-1'] })
      .thenRenewed();
  });

  it('does not know an instance that is not registered', () => {
    instance
      .given()
      .when('RenewInstances', { service: 'api', instanceIds: ['i-1'] })
      .thenRefused('NOT_FOUND', 'instance-exists');
  });
});

describe('the end of an instance', () => {
  it('comes by deregistration', () => {
    instance
      .given(registered)
      .when('DeregisterInstance', api1)
      .then(new InstanceDeregistered(api1))
      .thenRecord(null);
  });

  it('comes when its time is over', () => {
    instance.given(registered).whenExpired().then(new InstanceExpired(api1)).thenRecord(null);
  });

  it('comes once', () => {
    instance
      .given(registered, new InstanceExpired(api1))
      .when('DeregisterInstance', api1)
      .thenRefused('NOT_FOUND', 'instance-exists');
  });
});
