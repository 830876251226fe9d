import { rejection, sameContent } from '@metad/eventsourcing';
import type { Rejection, StoredRecord, Value } from '@metad/eventsourcing';

/**
 * Whether a command's `expect` holds for the record as it stands; null when it does. All that is
 * named must hold. Fields are compared with the record's value (`fence` with its fence), and one
 * that is expected to be null must be absent.
 */
export function checkExpectation(expect: Value, record: StoredRecord | null): Rejection | null {
  for (const name in expect) {
    const wanted = expect[name];
    const refusal = checkOne(name, wanted, record);
    if (refusal !== null) return refusal;
  }
  return null;
}

function checkOne(name: string, wanted: unknown, record: StoredRecord | null): Rejection | null {
  switch (name) {
    case 'version':
      if ((record?.version ?? 0) === wanted) return null;
      return conflict(wanted, record);
    case 'absent':
      return record === null ? null : unmet('expect-absent', 'the record is there already');
    case 'exists':
      return record !== null ? null : unmet('expect-exists', 'there is no such record');
    default:
      return checkField(name, wanted, record);
  }
}

function checkField(name: string, wanted: unknown, record: StoredRecord | null): Rejection | null {
  if (record === null) return unmet('expect-field', 'there is no such record', { field: name });
  const actual = name === 'fence' ? record.fence : own(record.value, name);
  if (sameContent(actual, wanted)) return null;
  return unmet('expect-field', `${name} is not as expected`, {
    field: name,
    expected: wanted ?? null,
    actual: actual ?? null,
  });
}

function conflict(wanted: unknown, record: StoredRecord | null): Rejection {
  const stands = record === null ? 'there is no such record' : `it is at version ${record.version}`;
  const message = `not at version ${String(wanted)}: ${stands}; read it and decide again`;
  return rejection('VERSION_CONFLICT', 'expect-version', message, { expected: wanted });
}

const unmet = (rule: string, message: string, details?: Value): Rejection =>
  rejection('PRECONDITION_FAILED', rule, message, details);

const own = (value: Value, name: string): unknown =>
  Object.hasOwn(value, name) ? value[name] : undefined;
