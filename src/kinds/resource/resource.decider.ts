import { accept, reject, renew, sameContent } from '@metad/eventsourcing';
import type { Decider, Decision, RecordState } from '@metad/eventsourcing';
import type {
  AssignResource,
  ClaimOwnership,
  ReleaseOwnership,
  ResourceCommand,
  TransferOwnership,
} from './resource.commands.js';
import {
  OwnershipClaimed,
  OwnershipExpired,
  OwnershipReleased,
  OwnershipRenewed,
  OwnershipTransferred,
  ResourceAssigned,
  ResourceReleased,
} from './resource.events.js';
import type { ResourceEvent } from './resource.events.js';
import type { ResourceValue } from './resource.record.js';

type State = RecordState<ResourceValue>;
type Verdict = Decision<ResourceEvent>;

/**
 * Where resources run and who owns them. An assignment is stated as a whole (what a command leaves
 * out, the record no longer has) and leaves the ownership alone. An owner whose time to live is
 * over is no owner, also before the entry that says so.
 */
export const resourceDecider: Decider<ResourceValue, ResourceCommand, ResourceEvent> = {
  decide(state, command) {
    if (command.name === 'AssignResource') return assign(state, command.data);
    if (state.value === null) {
      const { tenantId, resourceId } = command.data;
      const message = `tenant ${tenantId} has no resource ${resourceId}`;
      return reject('NOT_FOUND', 'resource-exists', message);
    }
    switch (command.name) {
      case 'ReleaseResource':
        return release(state, state.value, command.expect?.['owner']);
      case 'ClaimOwnership':
        return claim(state, state.value, command.data);
      case 'TransferOwnership':
        return transfer(state, command.data);
      case 'ReleaseOwnership':
        return giveUp(state, command.data);
    }
  },

  evolve(value, event) {
    switch (event.type) {
      case 'ResourceAssigned':
        return value?.owner === undefined ? event.data : { ...event.data, ...ownershipOf(value) };
      case 'ResourceReleased':
        return null;
      case 'OwnershipClaimed':
      case 'OwnershipRenewed':
        return owned(value, event.data.owner, event.data.ttlMs);
      case 'OwnershipTransferred':
        return owned(value, event.data.to, event.data.ttlMs);
      case 'OwnershipReleased':
      case 'OwnershipExpired':
        return value === null ? null : assignmentOf(value);
    }
  },

  expire({ tenantId, resourceId, owner = '' }) {
    return new OwnershipExpired({ tenantId, resourceId, owner });
  },
};

function assign({ value }: State, data: AssignResource): Verdict {
  // The command's own object where it is complete: event and record share it, and its text.
  const assigned = data.labels === undefined ? { ...data, labels: {} } : data;
  if (value !== null && sameContent(assignmentOf(value), assigned)) return accept();
  return accept(new ResourceAssigned(assigned as ResourceAssigned['data']));
}

function release(state: State, value: ResourceValue, expectedOwner: unknown): Verdict {
  const owner = ownerOf(state);
  if (owner !== null && expectedOwner !== owner) {
    const message = `${owner} owns this resource; release the ownership first or expect this owner`;
    return reject('ALREADY_OWNED', 'resource-released-unowned', message, { owner });
  }
  const { tenantId, resourceId } = value;
  return accept(new ResourceReleased({ tenantId, resourceId }));
}

function claim(state: State, value: ResourceValue, data: ClaimOwnership): Verdict {
  const owner = ownerOf(state);
  if (owner === null) return accept(new OwnershipClaimed(grantOf(data)));
  if (owner !== data.owner) {
    const message = `${owner} owns this resource until it releases it or its time to live is over`;
    return reject('ALREADY_OWNED', 'ownership-claimed-when-free', message, { owner });
  }
  if (value.ttlMs !== data.ttlMs) return accept(new OwnershipRenewed(grantOf(data)));
  return data.ttlMs === undefined ? accept() : renew();
}

function transfer(state: State, data: TransferOwnership): Verdict {
  const owner = ownerOf(state);
  if (owner !== data.from) return notTheOwner('ownership-transferred-by-owner', data.from, owner);
  return accept(new OwnershipTransferred(data as OwnershipTransferred['data']));
}

function giveUp(state: State, data: ReleaseOwnership): Verdict {
  const owner = ownerOf(state);
  if (owner !== data.owner) return notTheOwner('ownership-released-by-owner', data.owner, owner);
  return accept(new OwnershipReleased(data));
}

function notTheOwner(rule: string, claimed: string, owner: string | null): Verdict {
  const message = `${claimed} does not own this resource; ${owner ?? 'nobody'} does`;
  return reject('RULE_VIOLATED', rule, message, { owner });
}

const ownerOf = ({ value, leaseEnded }: State): string | null =>
  leaseEnded ? null : (value?.owner ?? null);

const grantOf = (data: ClaimOwnership) => data as OwnershipClaimed['data'];

function owned(value: ResourceValue | null, owner: string, ttlMs: number | undefined) {
  if (value === null) return null;
  return { ...assignmentOf(value), owner, ...(ttlMs === undefined ? {} : { ttlMs }) };
}

function ownershipOf(value: ResourceValue) {
  return value.ttlMs === undefined
    ? { owner: value.owner }
    : { owner: value.owner, ttlMs: value.ttlMs };
}

function assignmentOf(value: ResourceValue) {
  if (value.owner === undefined) return value;
  const { owner: _owner, ttlMs: _ttlMs, ...assignment } = value;
  return assignment;
}
