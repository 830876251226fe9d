import { logIndex, nodeName, term } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import type { ConfChange, ConfState, ConfStep, SnapshotMeta } from '../core/index.js';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';

/**
 * Membership as bytes: lists are a count and strings, `autoLeave` a byte of 0 or 1. Used inside
 * log records, snapshot headers and frames; versions are carried by whatever contains it.
 */
const ACTIONS: readonly ConfStep['action'][] = ['addVoter', 'addLearner', 'remove'];

function writeNames(writer: ByteWriter, names: readonly NodeName[]): void {
  writer.varint(names.length);
  for (const name of names) writer.string(name);
}

function readNames(reader: ByteReader): NodeName[] {
  const count = readCount(reader);
  const names: NodeName[] = [];
  for (let at = 0; at < count; at += 1) names.push(nodeName(reader.string()));
  return names;
}

/** A count of items of at least one byte each: refuses one that the frame cannot hold. */
function readCount(reader: ByteReader): number {
  const count = reader.varint();
  if (count > reader.remaining) reader.fail('a count beyond the end');
  return count;
}

function readFlag(reader: ByteReader): boolean {
  const value = reader.u8();
  if (value > 1) reader.fail('a flag that is neither 0 nor 1');
  return value === 1;
}

export function writeConfState(writer: ByteWriter, conf: ConfState): void {
  writeNames(writer, conf.voters);
  writeNames(writer, conf.votersOutgoing);
  writeNames(writer, conf.learners);
  writeNames(writer, conf.learnersNext);
  writer.u8(conf.autoLeave ? 1 : 0);
}

export function readConfState(reader: ByteReader): ConfState {
  const voters = readNames(reader);
  const votersOutgoing = readNames(reader);
  const learners = readNames(reader);
  const learnersNext = readNames(reader);
  return { voters, votersOutgoing, learners, learnersNext, autoLeave: readFlag(reader) };
}

export function writeConfChange(writer: ByteWriter, change: ConfChange): void {
  writer.u8(change.autoLeave ? 1 : 0);
  writer.varint(change.steps.length);
  for (const step of change.steps) {
    writer.u8(ACTIONS.indexOf(step.action));
    writer.string(step.node);
  }
}

export function readConfChange(reader: ByteReader): ConfChange {
  const autoLeave = readFlag(reader);
  const count = readCount(reader);
  const steps: ConfStep[] = [];
  for (let at = 0; at < count; at += 1) {
    const action = ACTIONS[reader.u8()] ?? reader.fail('an unknown membership action');
    steps.push({ action, node: nodeName(reader.string()) });
  }
  return { steps, autoLeave };
}

export function writeSnapshotMeta(writer: ByteWriter, meta: SnapshotMeta): void {
  writer.varint(meta.index);
  writer.varint(meta.term);
  writeConfState(writer, meta.conf);
}

export function readSnapshotMeta(reader: ByteReader): SnapshotMeta {
  const index = logIndex(reader.varint());
  const termOf = term(reader.varint());
  return { index, term: termOf, conf: readConfState(reader) };
}
