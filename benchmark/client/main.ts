import { measureEcho, measureLookUps, type Rate } from './look-ups.js';
import { measureDelivery } from './watch-delivery.js';

/**
 * Against a running cluster:
 * `NATS_URL=… node dist/benchmark/client/main.js [look-ups | watch [events per second] [watchers]]`
 * Look-ups alternate with the echo they are compared with, since machines change their mind.
 */
const rounds = 3;

function say(label: string, { perSecond, p50, p99 }: Rate): void {
  console.log(`${label}  ${perSecond}/s  p50 ${ms(p50)} ms  p99 ${ms(p99)} ms`);
}

const ms = (micros: number): string => (micros / 1_000).toFixed(2);

async function lookUps(servers: string): Promise<void> {
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const echo = await measureEcho(servers);
    const found = await measureLookUps(servers);
    say('echo        ', echo);
    say('GetResource ', found);
    ratios.push(found.perSecond / echo.perSecond);
  }
  ratios.sort((a, b) => a - b);
  console.log(`look-ups/echo ${(ratios[Math.floor(rounds / 2)] ?? 0).toFixed(2)} (wanted 0.50)`);
}

async function delivery(servers: string): Promise<void> {
  const [eventsPerSecond = 1_000, watchers = 100] = process.argv.slice(3).map(Number);
  const load = { eventsPerSecond, watchers };
  const { events, delivered, expected, p50, p99 } = await measureDelivery(servers, load);
  console.log(`watch: ${events} events, ${delivered} of ${expected} deliveries`);
  console.log(`watch p50 ${ms(p50)} ms  p99 ${ms(p99)} ms (wanted below 20)`);
}

const servers = process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222';
const what = process.argv[2] ?? 'all';
if (what !== 'watch') await lookUps(servers);
if (what !== 'look-ups') await delivery(servers);
