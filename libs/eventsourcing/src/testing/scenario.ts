import assert from 'node:assert/strict';
import { ABSENT } from '../decider.js';
import type {
  DecideContext,
  Decider,
  Decision,
  DomainEvent,
  KindCommand,
  RecordState,
} from '../decider.js';
import type { Value } from '../record.js';
import { deepFreeze } from './deep-freeze.js';

/**
 * Given-when-then for deciders, in events and commands alone:
 *
 *     const tenant = scenarioOf(tenantDecider);
 *     tenant
 *       .given(new TenantPlaced({ tenantId: 'acme', cell: 'eu-1', labels: {} }))
 *       .when('EvictTenant', { tenantId: 'acme' })
 *       .then(new TenantEvicted({ tenantId: 'acme' }));
 *
 * Each step also checks what every replica relies on: a decider changes nothing that it is given
 * (all of it is frozen), and decides the same twice.
 */
export function scenarioOf<V extends Value, C extends KindCommand, E extends DomainEvent>(
  decider: Decider<V, C, E>,
) {
  return {
    /** The record's history so far; nothing means that there is no record. */
    given: (...events: readonly E[]): Given<V, C, E> =>
      new Given(decider, events, { fence: null, leaseEnded: false, dependents: 0 }, CONTEXT),
  };
}

/** What the machinery knows of a record beside its value. */
export type Circumstances = Pick<RecordState, 'fence' | 'leaseEnded' | 'dependents'>;

const CONTEXT = { now: 1_000_000, index: 42, term: 3, level: 1 } as unknown as DecideContext;

class Given<V extends Value, C extends KindCommand, E extends DomainEvent> {
  constructor(
    private readonly decider: Decider<V, C, E>,
    private readonly events: readonly E[],
    private readonly circumstances: Circumstances,
    private readonly context: DecideContext,
  ) {}

  /** Its time to live is over, it has dependents, … */
  and(circumstances: Partial<Circumstances>): Given<V, C, E> {
    const all = { ...this.circumstances, ...circumstances };
    return new Given(this.decider, this.events, all, this.context);
  }

  /** Under the rules of an older feature level, at another time. */
  under(context: Partial<DecideContext>): Given<V, C, E> {
    return new Given(this.decider, this.events, this.circumstances, {
      ...this.context,
      ...context,
    });
  }

  when<N extends C['name']>(
    name: N,
    data: Extract<C, { name: N }>['data'],
    expect: Value | null = null,
  ): When<V, E> {
    const state = deepFreeze(this.state());
    const command = deepFreeze({ name, data, expect }) as unknown as C;
    const decision = this.decider.decide(state, command, this.context);
    const again = this.decider.decide(state, command, this.context);
    assert.deepEqual(again, decision, 'the same state and command are decided alike');
    return new When(decision, fold(this.decider, state.value, decision));
  }

  /** The event with which the time to live ends. */
  whenExpired(): When<V, E> {
    const state = deepFreeze(this.state());
    assert.ok(state.value !== null && this.decider.expire, 'only a record can expire');
    const events = [this.decider.expire(state.value)];
    const decision: Decision<E> = { accepted: true, events, renews: false };
    return new When(decision, fold(this.decider, state.value, decision));
  }

  private state(): RecordState<V> {
    let value: V | null = null;
    for (const event of this.events) value = this.decider.evolve(value, deepFreeze(event));
    if (value === null) return { ...ABSENT, dependents: this.circumstances.dependents };
    return { value, version: this.events.length, ...this.circumstances };
  }
}

class When<V extends Value, E extends DomainEvent> {
  constructor(
    private readonly decision: Decision<E>,
    /** The value afterwards. */
    readonly value: V | null,
  ) {}

  then(...events: readonly E[]): this {
    assert.deepEqual(plain(this.accepted().events), plain(events));
    return this;
  }

  /** Accepted, and the record is now this; null when it is gone. */
  thenRecord(value: V | null): this {
    this.accepted();
    assert.deepEqual(plain(this.value), plain(value));
    return this;
  }

  /** Accepted without any change: a `noop`. */
  thenNothing(): this {
    assert.deepEqual(this.accepted(), { accepted: true, events: [], renews: false });
    return this;
  }

  /** Accepted; the time to live begins anew and nothing else changes. */
  thenRenewed(): this {
    assert.deepEqual(this.accepted(), { accepted: true, events: [], renews: true });
    return this;
  }

  /** Refused with this code by this rule. */
  thenRefused(code: string, rule: string): this {
    assert.equal(this.decision.accepted, false, 'the command is refused');
    const { rejection } = this.decision;
    assert.deepEqual({ code: rejection.code, rule: rejection.rule }, { code, rule });
    assert.notEqual(rejection.message, '', 'a refusal says why');
    return this;
  }

  private accepted() {
    const { decision } = this;
    assert.ok(decision.accepted, `refused: ${JSON.stringify(decision)}`);
    return decision;
  }
}

function fold<V extends Value, C extends KindCommand, E extends DomainEvent>(
  decider: Decider<V, C, E>,
  value: V | null,
  decision: Decision<E>,
): V | null {
  if (!decision.accepted) return value;
  return decision.events.reduce<V | null>(
    (current, event) => deepFreeze(decider.evolve(current, deepFreeze(event))),
    value,
  );
}

/** Events are class instances; what is compared is what the log would hold. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));
