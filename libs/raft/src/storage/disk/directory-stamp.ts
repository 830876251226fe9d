import { checksum } from '../log/format/checksum.js';
import { readWhole, writeWhole } from '../file-system-port.js';
import type { FileSystem } from '../file-system-port.js';

/** Whose data directory this is. Written once, in two copies; JSON, so that people can read it. */
export interface DirectoryStamp {
  readonly format: number;
  readonly cluster: string;
  readonly node: string;
  /** Seed of the checksums of this log: bytes of another log never pass. */
  readonly salt: number;
}

export type DirectoryFault =
  | 'OTHER_CLUSTER'
  | 'OTHER_NODE'
  | 'OTHER_FORMAT'
  | 'NO_STAMP'
  | 'STAMP_DAMAGED'
  | 'LOG_LOST'
  | 'IDENTITY_DAMAGED'
  | 'NO_SPACE'
  | 'NO_ACCESS'
  | 'READ_ONLY'
  | 'NOT_A_DIRECTORY'
  | 'DISK_FAULT';

/** This directory is not one that this node may use, or can. No record was touched. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError';

  constructor(
    readonly code: DirectoryFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export const STAMP_FORMAT = 1;
const NAMES = ['metad.stamp', 'metad.stamp.copy'] as const;

function encode(stamp: DirectoryStamp): Uint8Array {
  const text = JSON.stringify(stamp);
  const bytes = new TextEncoder().encode(text);
  const sum = checksum(bytes, 0, bytes.length).toString(16).padStart(8, '0');
  return new TextEncoder().encode(`${text}\n${sum}\n`);
}

function decode(bytes: Uint8Array): DirectoryStamp | null {
  const [text = '', sum = ''] = new TextDecoder().decode(bytes).split('\n');
  const body = new TextEncoder().encode(text);
  const expected = checksum(body, 0, body.length).toString(16).padStart(8, '0');
  return sum === expected ? (JSON.parse(text) as DirectoryStamp) : null;
}

export interface FoundStamp {
  readonly stamp: DirectoryStamp | null;
  /** Copies that exist, and those of them that are damaged. */
  readonly present: number;
  readonly damaged: number;
}

/** Reads the stamp from whichever copy is sound. */
export function readStamp(fileSystem: FileSystem, directory: string): FoundStamp {
  let stamp: DirectoryStamp | null = null;
  let present = 0;
  let damaged = 0;
  for (const name of NAMES) {
    const bytes = readWhole(fileSystem, `${directory}/${name}`);
    if (bytes === null) continue;
    present += 1;
    const found = decode(bytes);
    if (found === null) damaged += 1;
    else stamp ??= found;
  }
  return { stamp, present, damaged };
}

export async function writeStamp(
  fileSystem: FileSystem,
  directory: string,
  stamp: DirectoryStamp,
): Promise<void> {
  for (const name of NAMES) await writeWhole(fileSystem, directory, name, encode(stamp));
}

export interface Owner {
  readonly cluster: string;
  readonly node: string;
}

/** What holds whatever is lost: of a node's files nothing can be made anew. */
export const UNTIL_RESTORED =
  'Until then leave the node stopped: the others serve on as long as they are a majority. Do ' +
  'not start it with an empty directory: its name has voted, and is not let in. Replacing a ' +
  'node is not offered yet';

const RESTORE_STAMP =
  'put the file metad.stamp back, from the disk it was on or from any copy of the directory: it ' +
  `never changes. ${UNTIL_RESTORED}`;

/** No copy of the stamp can be read, and there is a log: nobody may guess whose it is. */
export function lostStamp(found: FoundStamp, directory: string): DirectoryError {
  if (found.damaged > 0) {
    return new DirectoryError(
      'STAMP_DAMAGED',
      `both copies of the stamp in ${directory} are damaged: ${RESTORE_STAMP}`,
    );
  }
  return new DirectoryError(
    'NO_STAMP',
    `${directory} holds a log but no stamp that says whose it is: ${RESTORE_STAMP}`,
  );
}

/** The stamp is written behind the first segment, so where it stands there was a log. */
export function lostLog({ node }: DirectoryStamp, directory: string): DirectoryError {
  return new DirectoryError(
    'LOG_LOST',
    `${directory} is that of node ${node} and its log is gone: it may have voted and ` +
      'acknowledged what nobody remembers. Put log/ back from the disk it was on, or the whole ' +
      'directory from a copy that was taken after the node had stopped for the last time: an ' +
      `older one has forgotten what it voted and acknowledged since. ${UNTIL_RESTORED}`,
  );
}

/** Throws `DirectoryError` unless the stamp is the owner's, as far as that is known. */
export function checkStamp(stamp: DirectoryStamp, owner: Partial<Owner>, directory: string): void {
  if (stamp.format !== STAMP_FORMAT) {
    throw new DirectoryError(
      'OTHER_FORMAT',
      `${directory} has format ${stamp.format}, this program knows ${STAMP_FORMAT}: ` +
        'start the version that wrote it',
    );
  }
  if (stamp.cluster !== (owner.cluster ?? stamp.cluster)) {
    throw new DirectoryError(
      'OTHER_CLUSTER',
      `${directory} belongs to cluster ${stamp.cluster}, not ${owner.cluster}: ` +
        'check METAD_CLUSTER and METAD_DATA_DIR',
    );
  }
  if (stamp.node !== (owner.node ?? stamp.node)) {
    throw new DirectoryError(
      'OTHER_NODE',
      `${directory} belongs to node ${stamp.node}, not ${owner.node}: ` +
        'check METAD_NODE and METAD_DATA_DIR',
    );
  }
}
