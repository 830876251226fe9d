import { ClientNats } from '@nestjs/microservices';
import { MetadClient, MetadError, type CommandOptions } from '@metad/client';
import { connect as connectNew } from '@nats-io/transport-node';
import { connect as connectOld } from 'nats';
import { firstValueFrom } from 'rxjs';

export type Body = Readonly<Record<string, unknown>>;

/** What came back: the reply, or the `error` of an error body. */
export type Answer = { readonly reply: Body } | { readonly error: Body };

/** One way to reach the service: the same call goes through each of them. */
export interface Way {
  readonly name: string;
  call(kind: 'command' | 'query', namespace: string, name: string, body: Body): Promise<Answer>;
  close(): Promise<void>;
}

const timeoutMs = 15_000;

type CommandBody = Body & { readonly data: Body; readonly deadline?: string };

const answerOf = (body: Body): Answer =>
  body['error'] === undefined ? { reply: body } : { error: body['error'] as Body };

const subjectOf = (kind: string, namespace: string, name: string): string =>
  `metad.v1.${kind === 'command' ? 'cmd' : 'query'}.${namespace}.${name}`;

/** The client library, straight to leaders or always through any node. */
export async function clientWay(url: string, routing: 'leader' | 'any'): Promise<Way> {
  const client = await MetadClient.connect({ servers: url, namespace: 'prod', routing });
  return {
    name: `client, routing ${routing}`,
    call: async (kind, namespace, name, body) => {
      const target = client.in(namespace);
      try {
        if (kind === 'query') {
          const { params = {}, ...options } = body as Body & { params?: Body };
          return { reply: { ...(await target.query(name, params, options)) } };
        }
        const { data, deadline, ...options } = body as CommandBody;
        const wanted = deadline === undefined ? {} : { deadline: new Date(deadline) };
        const all = { ...options, ...wanted } as CommandOptions;
        return { reply: { ...(await target.command(name, data, all)) } };
      } catch (error) {
        if (error instanceof MetadError) return { error: { ...error.toBody().error } };
        throw error;
      }
    },
    close: () => client.close(),
  };
}

/** A bare request, through the NATS client of today and the one before it. */
export async function natsWay(url: string, library: 'nats 2' | '@nats-io'): Promise<Way> {
  const open = library === 'nats 2' ? connectOld : connectNew;
  const connection = await open({ servers: url });
  return {
    name: `bare request, ${library}`,
    call: async (kind, namespace, name, body) => {
      const subject = subjectOf(kind, namespace, name);
      const options = { timeout: timeoutMs };
      const message = await connection.request(subject, JSON.stringify(body), options);
      const answer = answerOf(message.json());
      const status = message.headers?.get('Nats-Service-Error-Code') ?? '';
      const expected = 'error' in answer ? String(answer.error['status']) : '';
      if (status !== expected) throw new Error(`header says ${status}, body says ${expected}`);
      return answer;
    },
    close: () => connection.close(),
  };
}

/** Nest's own client, with its packet around every request. */
export function proxyWay(url: string): Way {
  const proxy = new ClientNats({ servers: [url] });
  return {
    name: 'Nest ClientProxy',
    call: async (kind, namespace, name, body) => {
      try {
        const sent = proxy.send<Body>(subjectOf(kind, namespace, name), body);
        return { reply: await firstValueFrom(sent) };
      } catch (error) {
        if (error instanceof Error) throw error;
        return { error: error as Body };
      }
    },
    close: () => proxy.close(),
  };
}

export function httpWay(url: string): Way {
  return {
    name: 'HTTP',
    call: async (kind, namespace, name, body) => {
      const folder = kind === 'command' ? 'commands' : 'queries';
      const response = await fetch(`${url}/api/v1/${folder}/${namespace}/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const answer = answerOf((await response.json()) as Body);
      const expected = 'error' in answer ? answer.error['status'] : 200;
      if (response.status !== expected) {
        throw new Error(`status is ${response.status}, body says ${String(expected)}`);
      }
      return answer;
    },
    close: async () => undefined,
  };
}
