import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Bytes of a seal: HMAC-SHA-256. */
export const SEAL_BYTES = 32;

/**
 * Seals frames with a secret that all nodes share. During a rotation two are known: the first one
 * seals, both are accepted. The new secret goes second on every node, then first on every node,
 * then the old one goes.
 */
export class FrameSeal {
  private readonly keys: readonly KeyObject[];

  /** `secrets` holds one or two; none at all means that frames are not sealed. */
  constructor(secrets: readonly string[]) {
    if (secrets.length > 2) throw new Error('at most two node secrets are known at a time');
    if (secrets.includes('')) throw new Error('an empty node secret seals nothing');
    this.keys = secrets.map((secret) => createSecretKey(Buffer.from(secret, 'utf8')));
  }

  get isOn(): boolean {
    return this.keys.length > 0;
  }

  /** The seal of `bytes`, with the first secret. */
  of(bytes: Uint8Array): Uint8Array {
    return sealWith(this.keys[0] as KeyObject, bytes);
  }

  /** Whether `seal` is that of `bytes` by any known secret; takes the same time for every seal. */
  matches(bytes: Uint8Array, seal: Uint8Array): boolean {
    let found = false;
    for (const key of this.keys) {
      if (timingSafeEqual(sealWith(key, bytes), seal)) found = true;
    }
    return found;
  }
}

const sealWith = (key: KeyObject, bytes: Uint8Array): Uint8Array =>
  createHmac('sha256', key).update(bytes).digest();
