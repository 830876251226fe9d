import { invariant, logIndex, nodeName, term } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import type { ConfChange, ConfStep, Entry, LogPosition } from '../../core/index.js';
import type { Message, ProposeResult } from '../../core/index.js';
import { showConf, showEntry, showMessage } from './format.js';
import type { Stage } from './stage.js';
import type { WireRule } from './wires.js';

/** One command of the interaction language: mutates the stage, tells what is worth telling. */
type Command = (stage: Stage, args: readonly string[]) => void;

const encoder = new TextEncoder();
const ACTIONS = { '+': 'addVoter', '~': 'addLearner', '-': 'remove' } as const;

const isPair = (arg: string): boolean => arg.includes('=');

function pairs(args: readonly string[]): Record<string, string> {
  return Object.fromEntries(args.filter(isPair).map((arg) => arg.split('=') as [string, string]));
}

/** `n1>n2`, `n1>*`, `*>n2`, `*>*`, with an optional kind behind it. */
function ruleOf(args: readonly string[]): WireRule {
  const [from, to] = (args[0] ?? '*>*').split('>');
  const name = (text: string | undefined): NodeName | null =>
    text === undefined || text === '*' ? null : nodeName(text);
  return { from: name(from), to: name(to), kind: args[1] ?? null };
}

const names = (stage: Stage, arg: string | undefined): readonly NodeName[] =>
  arg === undefined || arg === 'all' ? [...stage.actors.keys()] : [nodeName(arg)];

function tellResult(stage: Stage, name: string | undefined, result: ProposeResult): void {
  stage.tell(
    result.accepted
      ? `${name} appends ${result.index}@${result.term}`
      : `${name} refuses: ${result.reason}`,
  );
}

function changeOf(args: readonly string[]): ConfChange {
  const steps = args.flatMap((arg): ConfStep[] => {
    const action = ACTIONS[arg[0] as keyof typeof ACTIONS];
    return action === undefined ? [] : [{ action, node: nodeName(arg.slice(1)) }];
  });
  return { steps, autoLeave: !args.includes('manual') };
}

function open(stage: Stage, args: readonly string[]): void {
  const options = pairs(args);
  const learners = (options['learners'] ?? '').split(',').filter((name) => name !== '');
  const overrides: Record<string, number | boolean> = {};
  for (const [key, value] of Object.entries(options)) {
    if (key !== 'learners') overrides[key] = value === 'true' ? true : Number(value);
  }
  const voters = args.filter((arg) => !isPair(arg));
  stage.open(voters.map(nodeName), learners.map(nodeName), overrides);
}

/** Parts that cannot hear each other: `n1 | n2 n3`. */
function split(stage: Stage, args: readonly string[]): void {
  const parts = args.join(' ').split('|');
  const groups = parts.map((part) => part.trim().split(/\s+/).map(nodeName));
  for (const group of groups) {
    for (const other of groups) {
      if (group === other) continue;
      for (const from of group) for (const to of other) stage.wires.lose({ from, to, kind: null });
    }
  }
}

/** Where a log ends: `4@2`. */
function position(text = '0@0'): LogPosition {
  const [index, at] = text.split('@').map(Number);
  return { index: logIndex(index ?? 0), term: term(at ?? 0) };
}

/** A message that nobody sent: `append from=n1 to=n2 term=3 prev=4@2 commit=5 entries=5@3:x`. */
function forge(stage: Stage, args: readonly string[]): Message {
  const p = pairs(args);
  const at = (text = '0@0'): [number, number] => text.split('@').map(Number) as [number, number];
  const envelope = {
    from: nodeName(p['from'] ?? ''),
    to: nodeName(p['to'] ?? ''),
    term: term(Number(p['term'])),
  };
  const entries = (p['entries'] ?? '').split(',').filter((text) => text !== '');
  if (args[0] === 'installSnapshot') {
    const [index, snapshotTerm] = at(p['snapshot']);
    const conf = stage.bootstrap;
    const meta = { index: logIndex(index), term: term(snapshotTerm), conf };
    return { kind: 'installSnapshot', ...envelope, snapshot: meta };
  }
  invariant(args[0] === 'append' || args[0] === 'vote', 'a message that can be forged');
  if (args[0] === 'vote') {
    const [index, lastTerm] = at(p['last']);
    const last = { lastIndex: logIndex(index), lastTerm: term(lastTerm) };
    return { kind: 'vote', ...envelope, ...last, transfer: false };
  }
  const [prevIndex, prevTerm] = at(p['prev']);
  return {
    kind: 'append',
    ...envelope,
    prevIndex: logIndex(prevIndex),
    prevTerm: term(prevTerm),
    commit: logIndex(Number(p['commit'] ?? 0)),
    entries: entries.map((text): Entry => {
      const [place, word] = text.split(':');
      const [index, entryTerm] = at(place);
      const data = encoder.encode(word ?? 'forged');
      return { index: logIndex(index), term: term(entryTerm), kind: 'command', data, change: null };
    }),
  };
}

function snapshot(stage: Stage, [name, trailing]: readonly string[]): void {
  const { log } = stage.actor(name);
  const replica = stage.replica(name);
  const { applied, conf } = replica.status();
  const at = log.termAt(applied);
  invariant(at !== null, 'a snapshot is taken of what the log holds');
  const upTo = logIndex(Math.max(log.firstIndex() - 1, applied - Number(trailing ?? 0)));
  log.compact({ index: applied, term: at, conf }, upTo);
  replica.compacted();
  stage.tell(`${name} has snapshot ${applied}@${at}, first=${log.firstIndex()}`);
}

/** Asks every replica or one of them, and works after it. */
const each =
  (act: (stage: Stage, name: NodeName, args: readonly string[]) => void): Command =>
  (stage, args) => {
    for (const name of names(stage, args[0])) act(stage, name, args);
    stage.work();
  };

/** The words of the interaction language. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  open,
  add: (stage, args) => args.forEach((name) => stage.add(nodeName(name))),
  trace: (stage, [on]) => void (stage.tracing = on !== 'off'),
  tick: each((stage, name, [, count]) => {
    for (let at = Number(count ?? 1); at > 0; at -= 1) stage.actor(name).replica?.tick();
  }),
  run: (stage, [count]) => {
    for (let at = Number(count ?? 1); at > 0; at -= 1) {
      for (const { replica } of stage.actors.values()) replica?.tick();
      stage.settle();
    }
  },
  settle: (stage) => stage.settle(),
  campaign: each((stage, name) => stage.replica(name).campaign()),
  forget: each((stage, name) => stage.replica(name).forgetLeader()),
  propose: (stage, [name, ...words]) => {
    const result = stage.replica(name).propose(words.map((word) => encoder.encode(word)));
    tellResult(stage, name, result);
    stage.work();
  },
  conf: (stage, [name, ...args]) => {
    tellResult(stage, name, stage.replica(name).proposeConfChange(changeOf(args)));
    stage.work();
  },
  read: (stage, [name, ...contexts]) => {
    for (const context of contexts) stage.replica(name).readIndex(Number(context));
    stage.work();
  },
  transfer: (stage, [name, to]) => {
    stage.replica(name).transferLeadership(nodeName(to ?? ''));
    stage.work();
  },
  unreachable: (stage, [name, peer]) => {
    stage.replica(name).reportUnreachable(nodeName(peer ?? ''));
    stage.work();
  },
  'report-snapshot': (stage, [name, peer, how]) => {
    stage.replica(name).reportSnapshot(nodeName(peer ?? ''), how === 'delivered');
    stage.work();
  },
  snapshot,
  split,
  lose: (stage, args) => stage.wires.lose(ruleOf(args)),
  keep: (stage, args) => stage.wires.keep(ruleOf(args)),
  heal: (stage) => stage.wires.heal(),
  deliver: (stage, args) => stage.deliver(stage.wires.take(ruleOf(args))),
  drop: (stage, args) => void stage.wires.take(ruleOf(args)),
  duplicate: (stage, args) => {
    const taken = stage.wires.take(ruleOf(args));
    stage.wires.queue.push(...taken, ...taken);
  },
  reverse: (stage) => void stage.wires.queue.reverse(),
  forge: (stage, args) => stage.deliver([forge(stage, args)]),
  'hold-writes': each((stage, name) => void (stage.actor(name).writesHeld = true)),
  'finish-writes': (stage, [name, count]) => {
    const actor = stage.actor(name);
    if (count === undefined) actor.writesHeld = false;
    stage.wires.send(actor.finishWrites(Number(count ?? Infinity)));
    stage.work();
  },
  crash: each((stage, name) => stage.actor(name).crash()),
  restart: each((stage, name) => stage.actor(name).start()),
  refill: (stage, [name, ...args]) => {
    const { keep, term: from, floor } = pairs(args);
    stage.actor(name).refill(logIndex(Number(keep)), term(Number(from)), position(floor));
    stage.work();
  },
  restrain: (stage, [name, floor]) => {
    stage.replica(name).restrain(floor === 'none' ? null : position(floor));
    stage.work();
  },
  status: (stage, args) => {
    const shown = args.length === 0 ? names(stage, 'all') : args.map(nodeName);
    for (const name of shown) stage.tell(stage.status(name));
  },
  applied: each((stage, name) => {
    const commands = stage.actor(name).applied.filter((entry) => entry.kind !== 'noop');
    stage.tell(`${name} applied ${commands.map(showEntry).join(', ') || 'nothing'}`);
  }),
  log: each((stage, name) => {
    const { log } = stage.actor(name);
    const entries = log.entries(log.firstIndex(), logIndex(log.lastIndex() + 1), Infinity) ?? [];
    stage.tell(`${name} stores ${entries.map(showEntry).join(', ') || 'nothing'}`);
  }),
  members: each((stage, name) => {
    const { conf, confInForce } = stage.replica(name).status();
    const pending = conf === confInForce ? '' : `; in force ${showConf(confInForce)}`;
    stage.tell(`${name} knows ${showConf(conf)}${pending}`);
  }),
  quiet: each((stage, name) => {
    stage.tell(`${name} ${stage.replica(name).canQuiesce() ? 'may' : 'must not'} go quiet`);
  }),
  uncommitted: each((stage, name) => {
    stage.tell(`${name} holds ${stage.replica(name).entriesUncommittedBytes()} uncommitted bytes`);
  }),
  waiting: (stage) => stage.wires.queue.forEach((message) => stage.tell(showMessage(message))),
};
