import { describe, it } from '@jest/globals';
import { scenarioOf } from '@metad/eventsourcing/testing';
import { resourceDecider } from './resource.decider.js';
import {
  OwnershipClaimed,
  OwnershipExpired,
  OwnershipReleased,
  OwnershipRenewed,
  OwnershipTransferred,
  ResourceAssigned,
  ResourceReleased,
} from './resource.events.js';

const resource = scenarioOf(resourceDecider);
const db1 = { tenantId: 'acme', resourceId: 'db-1' };
const onN1 = { ...db1, node: 'n1', labels: {} };
const assigned = new ResourceAssigned(onN1);
const claimedBy = (owner: string, ttlMs?: number) =>
  new OwnershipClaimed({ ...db1, owner, ...(ttlMs === undefined ? {} : { ttlMs }) });

describe('AssignResource', () => {
  it('creates a resource', () => {
    resource
      .given()
      .when('AssignResource', { ...db1, node: 'n1' })
      .then(assigned)
      .thenRecord(onN1);
  });

  it('moves it and leaves the ownership alone', () => {
    resource
      .given(assigned, claimedBy('a', 5_000))
      .when('AssignResource', { ...db1, node: 'n2', kind: 'gpu' })
      .thenRecord({ ...onN1, node: 'n2', kind: 'gpu', owner: 'a', ttlMs: 5_000 });
  });

  it('changes nothing for the same node with the same fields', () => {
    resource
      .given(assigned, claimedBy('a'))
      .when('AssignResource', { ...db1, node: 'n1' })
      .thenNothing();
  });

  it('changes the record for the same node with other fields', () => {
    resource
      .given(assigned)
      .when('AssignResource', { ...db1, node: 'n1', labels: { a: '1' } })
      .thenRecord({ ...onN1, labels: { a: '1' } });
  });
});

describe('ReleaseResource', () => {
  it('removes a resource that nobody owns', () => {
    resource
      .given(assigned)
      .when('ReleaseResource', db1)
      .then(new ResourceReleased(db1))
      .thenRecord(null);
  });

  it('is refused while somebody owns it', () => {
    resource
      .given(assigned, claimedBy('a'))
      .when('ReleaseResource', db1)
      .thenRefused('ALREADY_OWNED', 'resource-released-unowned');
  });

  it('is accepted when the client expects that owner', () => {
    resource
      .given(assigned, claimedBy('a'))
      .when('ReleaseResource', db1, { owner: 'a' })
      .thenRecord(null);
  });

  it('is accepted when the time of the owner is over', () => {
    resource
      .given(assigned, claimedBy('a', 5_000))
      .and({ leaseEnded: true })
      .when('ReleaseResource', db1)
      .thenRecord(null);
  });

  it('is refused for a resource that is not there', () => {
    resource.given().when('ReleaseResource', db1).thenRefused('NOT_FOUND', 'resource-exists');
  });
});

describe('ClaimOwnership', () => {
  it('is granted when the resource is free', () => {
    resource
      .given(assigned)
      .when('ClaimOwnership', { ...db1, owner: 'a', ttlMs: 5_000 })
      .then(claimedBy('a', 5_000))
      .thenRecord({ ...onN1, owner: 'a', ttlMs: 5_000 });
  });

  it('is granted when the time of the owner is over', () => {
    resource
      .given(assigned, claimedBy('a', 5_000))
      .and({ leaseEnded: true })
      .when('ClaimOwnership', { ...db1, owner: 'b' })
      .then(claimedBy('b'))
      .thenRecord({ ...onN1, owner: 'b' });
  });

  it('is refused while another owns it', () => {
    resource
      .given(assigned, claimedBy('a', 5_000))
      .when('ClaimOwnership', { ...db1, owner: 'b' })
      .thenRefused('ALREADY_OWNED', 'ownership-claimed-when-free');
  });

  it('renews for the same owner without a new version', () => {
    resource
      .given(assigned, claimedBy('a', 5_000))
      .when('ClaimOwnership', { ...db1, owner: 'a', ttlMs: 5_000 })
      .thenRenewed();
  });

  it('changes nothing for the same owner without a time to live', () => {
    resource
      .given(assigned, claimedBy('a'))
      .when('ClaimOwnership', { ...db1, owner: 'a' })
      .thenNothing();
  });

  it('renews with another time to live as a change that keeps the fence', () => {
    resource
      .given(assigned, claimedBy('a', 5_000))
      .when('ClaimOwnership', { ...db1, owner: 'a', ttlMs: 9_000 })
      .then(new OwnershipRenewed({ ...db1, owner: 'a', ttlMs: 9_000 }));
  });

  it('is refused for a resource that is not there', () => {
    resource
      .given()
      .when('ClaimOwnership', { ...db1, owner: 'a' })
      .thenRefused('NOT_FOUND', 'resource-exists');
  });
});

describe('TransferOwnership', () => {
  it('hands over from the present owner', () => {
    resource
      .given(assigned, claimedBy('a', 5_000))
      .when('TransferOwnership', { ...db1, from: 'a', to: 'b' })
      .then(new OwnershipTransferred({ ...db1, from: 'a', to: 'b' }))
      .thenRecord({ ...onN1, owner: 'b' });
  });

  it.each([
    ['another owns it', [assigned, claimedBy('c')], {}],
    ['nobody owns it', [assigned], {}],
    ['the time of the owner is over', [assigned, claimedBy('a', 5_000)], { leaseEnded: true }],
  ])('is refused when %s', (_when, events, circumstances) => {
    resource
      .given(...events)
      .and(circumstances)
      .when('TransferOwnership', { ...db1, from: 'a', to: 'b' })
      .thenRefused('RULE_VIOLATED', 'ownership-transferred-by-owner');
  });
});

describe('ReleaseOwnership', () => {
  it('frees the resource', () => {
    resource
      .given(assigned, claimedBy('a', 5_000))
      .when('ReleaseOwnership', { ...db1, owner: 'a' })
      .then(new OwnershipReleased({ ...db1, owner: 'a' }))
      .thenRecord(onN1);
  });

  it('is refused to anyone but the owner', () => {
    resource
      .given(assigned, claimedBy('a'))
      .when('ReleaseOwnership', { ...db1, owner: 'b' })
      .thenRefused('RULE_VIOLATED', 'ownership-released-by-owner');
  });
});

describe('the end of a claim', () => {
  it('frees the resource', () => {
    resource
      .given(assigned, claimedBy('a', 5_000))
      .whenExpired()
      .then(new OwnershipExpired({ ...db1, owner: 'a' }))
      .thenRecord(onN1);
  });
});
