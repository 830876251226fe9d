/** Bytes that were acknowledged once read back differently. What depends on them must stop. */
export class LogCorruption extends Error {
  override readonly name = 'LogCorruption';

  constructor(
    readonly file: string,
    readonly offset: number,
    what: string,
  ) {
    super(`${what} in ${file} at offset ${offset}`);
  }
}
