import { describe, expect, it } from '@jest/globals';
import { accept, reject } from '../decider.js';
import type { Decider, DomainEvent, KindCommand } from '../decider.js';
import { scenarioOf } from './scenario.js';

type Counter = { readonly count: number };
type Add = KindCommand<'Add', { by: number }>;
const added = (by: number): DomainEvent => ({ type: 'Added', data: { by } });

const honest: Decider<Counter, Add, DomainEvent> = {
  decide(_state, { data }) {
    if (data.by < 0) return reject('RULE_VIOLATED', 'counter-rises', 'counters only rise');
    return data.by === 0 ? accept() : accept(added(data.by));
  },
  evolve: (value, { data }) => ({ count: (value?.count ?? 0) + Number(data['by']) }),
};

describe('the given-when-then kit', () => {
  it('holds where what is said holds', () => {
    const counter = scenarioOf(honest);
    counter.given(added(1)).when('Add', { by: 2 }).then(added(2)).thenRecord({ count: 3 });
    counter.given().when('Add', { by: 0 }).thenNothing();
    counter.given().when('Add', { by: -1 }).thenRefused('RULE_VIOLATED', 'counter-rises');
  });

  it('fails where it does not', () => {
    const counter = scenarioOf(honest);
    expect(() => counter.given().when('Add', { by: 2 }).then(added(3))).toThrow();
    expect(() => counter.given().when('Add', { by: 2 }).then()).toThrow();
    expect(() => counter.given().when('Add', { by: 2 }).thenNothing()).toThrow();
    expect(() => counter.given().when('Add', { by: 0 }).thenRenewed()).toThrow();
    expect(() => counter.given().when('Add', { by: -1 }).then()).toThrow(/refused/);
    expect(() => counter.given().when('Add', { by: 2 }).thenRecord({ count: 3 })).toThrow();
    const refused = counter.given().when('Add', { by: -1 });
    expect(() => refused.thenRefused('RULE_VIOLATED', 'another-rule')).toThrow();
    expect(() => counter.given(added(1)).whenExpired()).toThrow();
  });

  it('finds a rule that changes what it is given', () => {
    const decide: (typeof honest)['decide'] = ({ value }) => {
      if (value !== null) (value as { count: number }).count += 1;
      return accept();
    };
    const greedy = scenarioOf({ ...honest, decide });
    expect(() => greedy.given(added(1)).when('Add', { by: 0 })).toThrow(TypeError);
  });

  it('finds a rule that wavers', () => {
    let calls = 0;
    const decide: (typeof honest)['decide'] = () => accept(added((calls += 1)));
    const fickle = scenarioOf({ ...honest, decide });
    expect(() => fickle.given().when('Add', { by: 1 })).toThrow(/decided alike/);
  });
});
