/** What clients of a simulation ask for: a register is set, or a counter goes up by one. */
export interface KvCommand {
  readonly id: string;
  readonly kind: 'set' | 'increment';
  readonly key: string;
  /** For `set`: unique in the whole run, so that a read names the write it saw. */
  readonly value: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const encodeCommand = ({ id, kind, key, value }: KvCommand): Uint8Array =>
  encoder.encode(`${id} ${kind} ${key} ${value}`);

export function decodeCommand(data: Uint8Array): KvCommand {
  const [id = '', kind, key = '', value = ''] = decoder.decode(data).split(' ');
  return { id, kind: kind === 'set' ? 'set' : 'increment', key, value };
}
