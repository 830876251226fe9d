/** The little of protobuf's wire format that etcd's requests and replies need. */

export function bytesField(field: number, value: Buffer | string): Buffer {
  const content = typeof value === 'string' ? Buffer.from(value) : value;
  const head: number[] = [];
  pushVarint(head, field * 8 + 2);
  pushVarint(head, content.length);
  return Buffer.concat([Buffer.from(head), content]);
}

/** A gRPC message: one flag byte (not compressed), four bytes of length, the content. */
export function grpcFrame(...fields: readonly Buffer[]): Buffer {
  const length = fields.reduce((sum, field) => sum + field.length, 0);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, ...fields], length + 5);
}

/** Values of the varint fields and contents of the byte fields of one message, by field number. */
export function parseFields(message: Buffer): Map<number, bigint | Buffer> {
  const fields = new Map<number, bigint | Buffer>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; at < message.length; shift += 7n) {
      const byte = message[at] as number;
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < message.length) {
    const tag = Number(varint());
    if (tag % 8 === 0) {
      fields.set(tag >> 3, varint());
    } else if (tag % 8 === 2) {
      const length = Number(varint());
      fields.set(tag >> 3, message.subarray(at, at + length));
      at += length;
    } else {
      break; // Fixed-width fields do not occur in what we read.
    }
  }
  return fields;
}

function pushVarint(into: number[], value: number): void {
  let rest = value;
  while (rest > 0x7f) {
    into.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  into.push(rest);
}
