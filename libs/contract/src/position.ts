import { MetadError } from './errors.js';

/** Where a write landed, decoded. Clients treat the text as opaque. */
export interface PositionPart {
  readonly incarnation: string;
  readonly partition: number;
  readonly index: number;
}

const PART = /^m1\.([A-Za-z0-9]{1,32})\.(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,15})$/;
/** A joined position names each partition once; this bounds it. */
const partsMax = 16_384;

/** The most that tables hold of a partition's number; there are no more points to own either. */
const partitionMax = 2 ** 31 - 1;

export function formatPosition(incarnation: string, partition: number, index: number): string {
  return `m1.${incarnation}.${partition}.${index}`;
}

export function formatPositions(parts: readonly PositionPart[]): string {
  return parts.map((p) => formatPosition(p.incarnation, p.partition, p.index)).join(',');
}

/** Parses one or several joined positions. Throws INVALID_ARGUMENT naming `field`. */
export function parsePosition(text: string, field = 'position'): PositionPart[] {
  const parts = text.split(',', partsMax + 1);
  if (parts.length > partsMax) throw invalid(field, `joins more than ${partsMax} positions`);
  return parts.map((one) => {
    const match = PART.exec(one);
    if (!match) throw invalid(field, 'is not of the form m1.<incarnation>.<partition>.<index>');
    const [, incarnation = '', partition = '', index = ''] = match;
    const part = { incarnation, partition: Number(partition), index: Number(index) };
    if (part.partition > partitionMax) throw invalid(field, `names partition ${partition}`);
    if (!Number.isSafeInteger(part.index)) throw invalid(field, `names index ${index}`);
    return part;
  });
}

function invalid(field: string, reason: string): MetadError {
  return new MetadError('INVALID_ARGUMENT', `${field} ${reason}`, { faults: [{ field, reason }] });
}
