import type { Model } from './linearizability.js';
import { canonical } from './json.js';
import type { Json } from './json.js';
import { ruleOf } from './rules.js';

/**
 * One record of any kind as its clients see it, written from the public contract alone: the
 * product's own deciders are what is under test.
 */
export interface RecordState {
  /** Null when there is no such record. */
  readonly value: Json | null;
  readonly version: number;
  /** What granted the ownership; `unknown` when that command's answer was never seen. */
  readonly fence: number | null | 'unknown';
}

export type RecordInput =
  | { readonly kind: 'read' }
  | {
      readonly kind: 'command';
      readonly commandId: string;
      readonly command: string;
      readonly data: Json;
      readonly expect?: Json;
    };

export type RecordOutput =
  | { readonly kind: 'read'; readonly record: SeenRecord | null }
  | {
      readonly kind: 'accepted';
      readonly outcome: 'applied' | 'noop' | 'duplicate';
      readonly version: number;
      readonly fence: number | null;
    }
  | { readonly kind: 'refused'; readonly code: string };

/** The fields of a record that the model knows; others that the service adds are left out. */
export interface SeenRecord {
  readonly value: Json;
  readonly version: number;
  readonly fence: number | null;
}

const ABSENT: RecordState = { value: null, version: 0, fence: null };

export const recordModel: Model<RecordState, RecordInput, RecordOutput> = {
  initial: ABSENT,
  step: (state, input, output) =>
    input.kind === 'read' ? afterRead(state, output) : afterCommand(state, input, output),
  keyOf: ({ value, version, fence }) => `${version} ${fence} ${canonical(value)}`,
};

/** What the model says of one command at one state: for histories and for folding a log. */
export interface Effect {
  readonly outcome: 'applied' | 'noop' | 'refused';
  /** The state afterwards; its fence is `unknown` when this command granted ownership. */
  readonly state: RecordState;
  readonly grants: boolean;
}

export function effectOf(
  state: RecordState,
  { command, data, expect }: Extract<RecordInput, { kind: 'command' }>,
): Effect {
  const refused: Effect = { outcome: 'refused', state, grants: false };
  if (expect && !holds(expect, state)) return refused;
  const verdict = ruleOf(command)(state.value, data, expect);
  if (verdict.kind === 'refused') return refused;
  if (verdict.kind === 'noop') return { outcome: 'noop', state, grants: false };
  if (verdict.value === null) return { outcome: 'applied', state: ABSENT, grants: false };
  const fence = verdict.grants ? 'unknown' : ownedBy(verdict.value) ? state.fence : null;
  const next = { value: verdict.value, version: state.version + 1, fence } as const;
  return { outcome: 'applied', state: next, grants: verdict.grants };
}

function afterRead(state: RecordState, output: RecordOutput | undefined): RecordState | null {
  if (output === undefined) return state;
  if (output.kind !== 'read') return null;
  const { record } = output;
  if (record === null) return state.value === null ? state : null;
  if (state.value === null || record.version !== state.version) return null;
  if (canonical(record.value) !== canonical(state.value)) return null;
  if (state.fence === 'unknown') return { ...state, fence: record.fence };
  return record.fence === state.fence ? state : null;
}

function afterCommand(
  state: RecordState,
  input: Extract<RecordInput, { kind: 'command' }>,
  output: RecordOutput | undefined,
): RecordState | null {
  const effect = effectOf(state, input);
  if (output === undefined) return effect.state;
  if (output.kind === 'read') return null;
  if (output.kind === 'refused') return effect.outcome === 'refused' ? state : null;
  // A repeated command answers with its first outcome, which may have been either.
  const fits = output.outcome === 'duplicate' || output.outcome === effect.outcome;
  if (effect.outcome === 'refused' || !fits) return null;
  return withAnswer(effect, output);
}

function withAnswer(
  effect: Effect,
  output: Extract<RecordOutput, { kind: 'accepted' }>,
): RecordState | null {
  const { state, grants } = effect;
  if (state.value !== null && output.version !== state.version) return null;
  if (!grants) return state;
  return output.fence === null ? null : { ...state, fence: output.fence };
}

const ownedBy = (value: Json): boolean => value['owner'] !== undefined;

function holds(expect: Json, state: RecordState): boolean {
  return Object.entries(expect).every(([name, wanted]) => {
    if (name === 'version') return wanted === state.version;
    if (name === 'absent') return state.value === null;
    if (name === 'exists') return state.value !== null;
    return state.value !== null && canonical(state.value[name]) === canonical(wanted);
  });
}
