import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { headers } from '@nats-io/transport-node';
import { getPartitionKey, loadHasher } from '@metad/partition';
import { WholeCluster } from '../fixtures/whole-cluster.js';

// Three real nodes that send their spans to a small OTLP receiver in the place of a collector.

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly links?: readonly { readonly traceId: string }[];
  readonly status: { readonly code?: number };
  readonly attributes: readonly { key: string; value: Record<string, unknown> }[];
  readonly node: string;
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Span['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

const waitMsMax = 30_000;
const spans: Span[] = [];
let receiver: Server;
let cluster: WholeCluster;

beforeAll(async () => {
  await loadHasher();
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/v1/traces')
        take(JSON.parse(Buffer.concat(chunks).toString()) as Export);
      response.end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  cluster = await WholeCluster.start(4, undefined, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    // A collector would be told every 5 s.
    OTEL_BSP_SCHEDULE_DELAY: '200',
  });
}, 300_000);

afterAll(async () => {
  await cluster.stop();
  receiver.close();
}, 300_000);

function take({ resourceSpans }: Export): void {
  for (const { resource, scopeSpans } of resourceSpans) {
    const node = resource.attributes.find(({ key }) => key === 'service.instance.id');
    const name = String(node?.value['stringValue']);
    for (const scope of scopeSpans) {
      spans.push(...scope.spans.map((span) => ({ ...span, node: name })));
    }
  }
}

async function until(is: (all: readonly Span[]) => boolean): Promise<void> {
  const deadline = Date.now() + waitMsMax;
  while (!is(spans)) {
    if (Date.now() > deadline) throw new Error(`not among ${JSON.stringify(spans, null, 1)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

/** To the leader itself, as the client library does. */
async function sendToLeader(commandId: string, trace: string | null): Promise<void> {
  const data = { tenantId: 'acme', resourceId: commandId.slice(0, 8), node: 'node-a' };
  const body = { namespace: 'prod', command: 'AssignResource', commandId, data };
  const header = headers();
  if (trace !== null) header.set('traceparent', trace);
  const partition = await partitionOf();
  const subject = `${cluster.broker.prefix}.p.${partition}.cmd`;
  const reply = await cluster.nats.request(subject, JSON.stringify(body), {
    timeout: 10_000,
    headers: header,
  });
  expect(reply.json()).toMatchObject({ outcome: 'applied' });
}

/** Four partitions, each a quarter of the points. */
async function partitionOf(): Promise<number> {
  const point = getPartitionKey('tenants/acme/resources/any');
  return Math.floor((point / 2 ** 31) * 4) + 1;
}

describe('a traced command', () => {
  const commandId = '0199d3a0-1111-7222-8333-444455556666';

  it("has its way through the leader in the caller's trace", async () => {
    await sendToLeader(commandId, traceparent);
    await until((all) => all.filter((span) => span.traceId === traceId).length >= 4);
    const own = spans.filter((span) => span.traceId === traceId);
    const byName = new Map(own.map((span) => [span.name, span]));
    const parents = own.map(({ name, parentSpanId }) => [
      name,
      own.find(({ spanId }) => spanId === parentSpanId)?.name ?? parentSpanId,
    ]);
    expect(new Map(parents as [string, string][])).toEqual(
      new Map([
        ['receive', 'b7ad6b7169203331'],
        ['propose', 'receive'],
        ['commit', 'propose'],
        ['apply', 'propose'],
      ]),
    );
    for (const { startTimeUnixNano, endTimeUnixNano } of own) {
      expect(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)).toBeGreaterThanOrEqual(0n);
    }
    expect(byName.get('commit')?.endTimeUnixNano).toBe(byName.get('apply')?.startTimeUnixNano);
    expect(byName.get('receive')?.links?.map((link) => link.traceId)).toEqual([
      commandId.replaceAll('-', ''),
    ]);
  });

  it('is projected on every node in the trace that its id names', async () => {
    const own = commandId.replaceAll('-', '');
    const projected = (all: readonly Span[]) =>
      all.filter((span) => span.traceId === own && span.name === 'project');
    await until((all) => projected(all).length >= 3);
    expect(
      projected(spans)
        .map(({ node }) => node)
        .sort(),
    ).toEqual(['n1', 'n2', 'n3']);
  });

  it('is traced under its id when the caller has no trace, or one that is none', async () => {
    const ids = ['aaaaaaaa-1111-4222-8333-444455556666', 'bbbbbbbb-1111-4222-8333-444455556666'];
    await sendToLeader(ids[0] ?? '', null);
    await sendToLeader(ids[1] ?? '', '00-ffff-zz-01\u00e9');
    for (const id of ids) {
      const mine = (all: readonly Span[]) =>
        all.filter((span) => span.traceId === id.replaceAll('-', ''));
      await until((all) => mine(all).length >= 7);
      const names = mine(spans).map(({ name }) => name);
      expect(names.sort()).toEqual(
        ['apply', 'commit', 'project', 'project', 'project', 'propose', 'receive'].sort(),
      );
    }
  });

  it("has its way in the caller's trace over HTTP too", async () => {
    const overHttp = '2'.repeat(32);
    const data = { tenantId: 'acme', resourceId: 'over-http', node: 'node-a' };
    const body = { commandId: 'cccccccc-1111-4222-8333-444455556666', data };
    const [, addresses = ''] = /metad ready {2}http=(\S+)/.exec(cluster.launcher.text) ?? [];
    const partition = await partitionOf();
    const { leader } = (await cluster.partitions('n1')).find((one) => one.partition === partition)!;
    const address = addresses.split(',')[cluster.nodes.findIndex((node) => node === leader)];
    const response = await fetch(`${address}/api/v1/commands/prod/AssignResource`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        traceparent: `00-${overHttp}-b7ad6b7169203331-01`,
      },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    await until((all) => all.filter((span) => span.traceId === overHttp).length >= 4);
    const names = spans.filter((span) => span.traceId === overHttp).map(({ name }) => name);
    expect(names.sort()).toEqual(['apply', 'commit', 'propose', 'receive']);
  });

  it('shows a refusal as an error', async () => {
    const subject = `${cluster.broker.prefix}.cmd.prod.AssignResource`;
    const header = headers();
    const refused = '1'.repeat(32);
    header.set('traceparent', `00-${refused}-b7ad6b7169203331-01`);
    await cluster.nats.request(subject, '{}', { timeout: 10_000, headers: header });
    await until((all) => all.some((span) => span.traceId === refused));
    const [span] = spans.filter((each) => each.traceId === refused);
    expect(span).toMatchObject({ name: 'receive', status: { code: 2 } });
  });
});
