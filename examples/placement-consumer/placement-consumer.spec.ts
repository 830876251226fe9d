import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningCluster } from '../../test/fixtures/running-cluster.js';
import { AppModule } from './app.module.js';
import { PlacementService } from './placement.service.js';

let cluster: RunningCluster;
let app: INestApplication;
let url: string;

beforeAll(async () => {
  cluster = await RunningCluster.start({ nodes: 1, partitions: 2 });
  process.env['NATS_URL'] = cluster.nats;
  app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
}, 120_000);

afterAll(async () => {
  await app.close();
  await cluster.stop();
  delete process.env['NATS_URL'];
});

const get = async (path: string): Promise<unknown> => (await fetch(`${url}${path}`)).json();
const put = async (path: string): Promise<unknown> =>
  (await fetch(`${url}${path}`, { method: 'PUT' })).json();

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries += 1) {
    if (tries > 200) throw new Error('never happened');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('a service that lives on placement', () => {
  it('places what has no place, once', async () => {
    expect(await put('/where/acme/db-1?node=node-a')).toEqual({ node: 'node-a' });
    expect(await put('/where/acme/db-1?node=node-b')).toEqual({ node: 'node-a' });
  });

  it('finds it in the cluster at once, and in its own copy soon', async () => {
    expect(await get('/where/acme/db-1')).toMatchObject({ node: 'node-a' });
    await until(async () => {
      const { from } = (await get('/where/acme/db-1')) as { from: string };
      return from === 'cache';
    });
    expect(await get('/on/node-a')).toEqual(['acme/db-1']);
  });

  it('moves it only from where it is', async () => {
    const placement = app.get(PlacementService);
    expect(await placement.move('acme', 'db-1', 'node-x', 'node-b')).toBe(false);
    expect(await placement.move('acme', 'db-1', 'node-a', 'node-b')).toBe(true);
    await until(async () => placement.on('node-b').length === 1);
    expect(placement.on('node-a')).toEqual([]);
  });

  it('says so when there is nothing', async () => {
    expect((await fetch(`${url}/where/acme/nothing`)).status).toBe(404);
  });
});
