import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { connect, createInbox, type Msg, type Subscription } from '@nats-io/transport-node';
import type { Bench } from './bench.js';
import { eventually, inboxPrefix, pause } from './bench.js';
import { replyOf, Wire, type Fields } from './wire.js';

type Message = Fields & { readonly event: string };

const RECORD_FIELDS = { version: expect.any(Number), createdAt: expect.any(String) };
const positionText = /^m1\.\w+\.\d+\.\d+$/;
const joinedText = /^m1\.\w+\.\d+\.\d+(,m1\.\w+\.\d+\.\d+){3}$/;
/** Promised to clients, and what a loaded machine may add. */
const progressMs = 5_000;
const graceMs = 1_500;

/** A watch by hand: an inbox, the request that opens it, and what came. */
class HandWatch {
  readonly messages: Message[] = [];
  readonly arrivedAt: number[] = [];
  readonly watchId = randomUUID();
  answers = true;
  opened: Fields = {};
  private subscription: Subscription | null = null;

  constructor(
    private readonly wire: Wire,
    private readonly namespace: string,
  ) {}

  async open(from: string, filter: Fields, inbox = createInbox()): Promise<this> {
    const { nats, ledger } = this.wire;
    this.subscription = nats.subscribe(inbox, {
      callback: (_error, message) => this.take(message),
    });
    const request = { watchId: this.watchId, filter, from, inbox };
    this.opened = replyOf(await this.wire.ask(`watch.${this.namespace}`, request));
    ledger.note('watch', from.startsWith('m1.') ? 'from a position' : `from ${from}`);
    return this;
  }

  of(event: string): Message[] {
    return this.messages.filter((message) => message.event === event);
  }

  first(event: string, withinMs?: number): Promise<Message> {
    return eventually(() => this.of(event)[0], `${event} of a watch`, withinMs);
  }

  async close(): Promise<Fields> {
    return replyOf(await this.wire.ask(`watch.${this.namespace}`, { close: this.watchId }));
  }

  leave(): void {
    this.subscription?.unsubscribe();
  }

  private take(message: Msg): void {
    const body = message.json<Message>();
    this.messages.push(body);
    this.arrivedAt.push(Date.now());
    const { event, ...fields } = body;
    this.wire.ledger.note(`watch ${event}`, ...Object.keys(fields));
    if (event === 'change' && body['before'] === undefined) {
      this.wire.ledger.note('watch change without', 'before');
    }
    if (this.answers && message.reply !== undefined && message.reply !== '') message.respond();
  }
}

/** Each test in a namespace of its own: what the others do is not seen. */
export function watchingChapter(bench: () => Bench): void {
  const watch = (namespace: string, from: string, filter: Fields = {}): Promise<HandWatch> =>
    new HandWatch(bench().wire, namespace).open(from, filter);
  const assign = async (namespace: string, resourceId: string, node: string, more: Fields = {}) => {
    const data = { tenantId: 'w', resourceId, node };
    return String((await bench().wire.done('AssignResource', data, more, namespace))['position']);
  };

  describe('a watch', () => {
    it('from now has every change, with what was before it and who did it', async () => {
      const watcher = await watch('w-now', 'now');
      expect(watcher.opened).toMatchObject({ position: expect.stringMatching(joinedText) });
      const commandId = randomUUID();
      const meta = { actor: 'suite' };
      const created = await assign('w-now', 'r1', 'n1', { commandId, meta });
      const moved = await assign('w-now', 'r1', 'n2');
      const id = { tenantId: 'w', resourceId: 'r1' };
      await bench().wire.done('ReleaseResource', id, {}, 'w-now');
      await eventually(() => watcher.of('change')[2], 'three changes');
      const [first, second, third] = watcher.of('change');
      expect(first).toEqual({
        ...{ event: 'change', type: 'ResourceAssigned', kind: 'resource', namespace: 'w-now' },
        ...{ id: 'r1', data: { ...id, node: 'n1', labels: {} }, position: created, commandId },
        record: expect.objectContaining({ ...RECORD_FIELDS, ...id, node: 'n1', version: 1 }),
        ...{ previous: expect.stringMatching(positionText), actor: 'suite' },
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      });
      expect(second).toMatchObject({
        ...{ before: { node: 'n1', version: 1 }, record: { node: 'n2', version: 2 } },
        ...{ previous: created, position: moved, actor: null },
      });
      expect(third).toMatchObject({ record: null, before: { version: 2 }, previous: moved });
      watcher.leave();
    });

    it('from a snapshot has the records, then where they stand, then what changes', async () => {
      await assign('w-snap', 'r1', 'n1');
      await assign('w-snap', 'r2', 'n2');
      // Any node may answer; one that has not applied the second yet is asked again.
      const watcher = await eventually(async () => {
        const opened = await watch('w-snap', 'snapshot', { node: 'n2' });
        await opened.first('snapshot-end');
        if (opened.of('snapshot').length > 0) return opened;
        opened.leave();
        return null;
      }, 'a node that has applied both');
      const end = await watcher.first('snapshot-end');
      expect(watcher.of('snapshot')).toEqual([
        {
          event: 'snapshot',
          record: expect.objectContaining({ ...RECORD_FIELDS, id: 'r2', node: 'n2' }),
          position: expect.stringMatching(positionText),
        },
      ]);
      expect(end).toEqual({ event: 'snapshot-end', position: expect.stringMatching(joinedText) });
      await assign('w-snap', 'r2', 'n3');
      expect(await watcher.first('change')).toMatchObject({ before: { node: 'n2' } });
      bench().ledger.note('watch', 'filter node');
      watcher.leave();
    });

    it('from a position has everything after it', async () => {
      const seen = await watch('w-pos', 'now');
      const first = await assign('w-pos', 'r1', 'n1');
      const rest = [await assign('w-pos', 'r2', 'n1'), await assign('w-pos', 'r1', 'n2')];
      const watcher = await watch('w-pos', first);
      await eventually(() => watcher.of('change')[1], 'two changes');
      expect(watcher.of('change').map(({ position }) => position)).toEqual(rest);
      const begun = await watch('w-pos', String(seen.opened['position']));
      await eventually(() => begun.of('change')[2], 'three changes');
      for (const one of [seen, watcher, begun]) one.leave();
    });

    it.each([
      ['kind', { kind: 'tenant' }, ['t1']],
      ['id', { id: 'r2' }, ['r2']],
    ])('sees only what its filter by %s lets pass', async (name, filter, expected) => {
      const namespace = `w-filter-${name}`;
      const watcher = await watch(namespace, 'now', filter);
      const all = await watch(namespace, 'now');
      await assign(namespace, 'r1', 'n1');
      await bench().wire.done('PlaceTenant', { tenantId: 't1', cell: 'x' }, {}, namespace);
      await assign(namespace, 'r2', 'n1');
      await eventually(() => all.of('change')[2], 'all changes');
      await eventually(() => watcher.of('change')[0], 'what passes');
      expect(watcher.of('change').map(({ id }) => id)).toEqual(expected);
      bench().ledger.note('watch', `filter ${name}`);
      for (const one of [watcher, all]) one.leave();
    });

    it('hears how far it is every 5 s, and is reset only when it is silent', async () => {
      const watcher = await watch('w-progress', 'now');
      const openedAt = Date.now();
      const silent = new HandWatch(bench().wire, 'w-silent');
      silent.answers = false;
      await silent.open('now', {});
      let stopped = false;
      // Events all the time: they are no reason to leave progress out.
      const busy = (async (): Promise<void> => {
        for (let at = 0; !stopped; at += 1) {
          await assign('w-progress', 'r1', `n${at}`);
          await pause(300);
        }
      })();
      const reset = await silent.first('reset', 40_000);
      stopped = true;
      await busy;
      expect(reset).toEqual({
        ...{ event: 'reset', reason: 'SLOW_CONSUMER' },
        available: expect.stringMatching(joinedText),
      });
      await assign('w-silent', 'r1', 'n1');
      await pause(500);
      expect(silent.of('change')).toEqual([]);
      bench().ledger.note('watch', 'silence ends it');
      const told = watcher.messages.flatMap(({ event }, at) =>
        event === 'progress' ? [watcher.arrivedAt[at] ?? 0] : [],
      );
      const waits = [...told, Date.now()].map((at, index) => at - (told[index - 1] ?? openedAt));
      expect(Math.max(...waits)).toBeLessThan(progressMs + graceMs);
      expect(watcher.of('progress')[0]).toMatchObject({
        position: expect.stringMatching(joinedText),
      });
      expect(watcher.of('reset')).toEqual([]);
      bench().ledger.note('watch', 'answers keep it alive');
      for (const one of [watcher, silent]) one.leave();
    }, 60_000);

    it('ends when it is closed, whichever node is asked', async () => {
      const watcher = await watch('w-close', 'now');
      await assign('w-close', 'r1', 'n1');
      await watcher.first('change');
      expect(await watcher.close()).toEqual({ closed: watcher.watchId });
      await pause(500);
      const before = watcher.messages.length;
      await assign('w-close', 'r1', 'n2');
      await pause(1_000);
      expect(watcher.messages).toHaveLength(before);
      bench().ledger.note('watch', 'is closed');
      watcher.leave();
    });

    it('sends to inboxes alone', async () => {
      const { wire, ledger } = bench();
      for (const inbox of [`${wire.prefix}.cmd.prod.PlaceTenant`, '$SYS.x', 'mine', '_INBOX.*']) {
        const { error } = await wire.ask('watch.prod', { watchId: 'x', filter: {}, inbox });
        expect(error?.details['faults']).toEqual([expect.objectContaining({ field: 'inbox' })]);
      }
      ledger.note('watch', 'inboxes alone');
    });

    it('sends under the prefix that a node was given, as all of its answers', async () => {
      const { cluster, narrow, ledger } = bench();
      const nats = await connect({ servers: cluster.broker.url, inboxPrefix });
      const wire = new Wire(nats, narrow.wire.prefix, ledger);
      const watcher = await new HandWatch(wire, 'prod').open(
        'snapshot',
        {},
        createInbox(inboxPrefix),
      );
      await watcher.first('snapshot-end');
      ledger.note('watch', 'an inbox under the prefix');
      watcher.leave();
      await nats.close();
    });
  });

  describe('the event feed', () => {
    it('has every event on a subject of its own, with its position in the header', async () => {
      const { wire, ledger } = bench();
      const came: Msg[] = [];
      const subscription = wire.nats.subscribe(`${wire.prefix}.evt.feed.>`, {
        callback: (_error, message) => void came.push(message),
      });
      await wire.nats.flush();
      const before = replyOf(await wire.query('ListTenants', { params: {} }, 'feed'));
      const position = await assign('feed', 'r.1 *>%é', 'n1');
      const instance = { service: 'api', instanceId: 'i.1', address: 'a', port: 1, ttlMs: 60_000 };
      await wire.done('RegisterInstance', instance, {}, 'feed');
      await eventually(() => came[1], 'two events');
      const subjects = came.map(({ subject }) => subject.slice(wire.prefix.length + 1));
      expect(subjects).toEqual([
        'evt.feed.resource.r%2E1%20%2A%3E%25%C3%A9',
        'evt.feed.instance.api%2Fi%2E1',
      ]);
      const encoded = subjects.map((subject) => decodeURIComponent(subject.split('.')[3] ?? ''));
      expect(encoded).toEqual(['r.1 *>%é', 'api/i.1']);
      expect(came[0]?.headers?.get('Metad-Position')).toBe(position);
      expect(came[0]?.json()).toMatchObject({ type: 'ResourceAssigned', position, actor: null });
      ledger.note('watch', 'the event feed', 'Metad-Position', 'an id in percent-encoding');
      // Any node answers, also one that has yet to apply what the leader has published.
      let types: unknown[] = [];
      for (let left = 100; left > 0 && types.length < 2; left -= 1) {
        const params = { after: before['position'] };
        const caught = await wire.query('Catchup', { params }, 'feed');
        types = (replyOf(caught)['items'] as Fields[]).map(({ type }) => type);
        if (types.length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(types.sort()).toEqual(['InstanceRegistered', 'ResourceAssigned']);
      ledger.note('watch', 'Catchup');
      subscription.unsubscribe();
    });
  });
}
