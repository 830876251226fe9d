/** What is wrong with one part of an `expect`; an empty path means all of it. */
export interface ExpectationFault {
  readonly path: readonly string[];
  readonly reason: string;
}

const fieldsMax = 16;
const nameCharsMax = 64;

/**
 * Judges the form of an `expect`, the same for a command by itself and for one inside a batch: one
 * that can never hold is refused at the door, rather than as a conflict that nobody can resolve.
 */
export function expectationFaults(expect: unknown): ExpectationFault[] {
  if (typeof expect !== 'object' || expect === null || Array.isArray(expect)) {
    return [whole('must be an object')];
  }
  const names = Object.keys(expect);
  if (names.length === 0) return [whole('must name at least one field')];
  if (names.length > fieldsMax) return [whole(`must not name more than ${fieldsMax} fields`)];
  const faults = names
    .filter((name) => name === '' || name.length > nameCharsMax)
    .map((name) => at(name, `must have a name of 1 to ${nameCharsMax} characters`));
  const { version, absent, exists } = expect as Readonly<Record<string, unknown>>;
  if (version !== undefined && !(Number.isSafeInteger(version) && Number(version) > 0)) {
    faults.push(at('version', 'must be a whole number from 1'));
  }
  for (const [name, value] of Object.entries({ absent, exists })) {
    if (value !== undefined && value !== true) faults.push(at(name, 'can only be true'));
  }
  if (absent === true && names.length > 1) faults.push(at('absent', 'must stand alone'));
  return faults;
}

const whole = (reason: string): ExpectationFault => ({ path: [], reason });
const at = (name: string, reason: string): ExpectationFault => ({ path: [name], reason });
