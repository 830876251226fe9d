import { existsSync, writeFileSync } from 'node:fs';

/** Debian's libfaketime; the wall clock alone is moved, the monotonic one stays true. */
const library = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';

/** Wall clocks of single processes that can be stepped while they run. */
export class SteppedClock {
  constructor(private readonly file: string) {
    this.step(0);
  }

  static get available(): boolean {
    return existsSync(library);
  }

  step(offsetMs: number): void {
    const sign = offsetMs < 0 ? '-' : '+';
    writeFileSync(this.file, `${sign}${Math.abs(offsetMs / 1000).toFixed(3)}\n`);
  }

  /** Environment of a process that shall follow this clock. */
  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }
}
