import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { RunningCluster } from '../fixtures/running-cluster.js';
import { exportedMetrics } from '../reference/exported-metrics.js';
import { identifiersOf } from './promql.js';

// Dashboards and alerts are worth what they name: each metric and label in them must be exported by
// a node that runs, and each alert must have its page.

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Family {
  readonly name: string;
  readonly kind: string;
  readonly help: string;
  readonly labels: ReadonlySet<string>;
  readonly samples: number;
}

/** The text format, as far as a node uses it. */
function familiesOf(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  for (const block of text.split(/^(?=# HELP )/m).filter((part) => part.startsWith('# HELP'))) {
    const [, name = '', help = ''] = /^# HELP (\S+) (.*)$/m.exec(block) ?? [];
    const [, kind = ''] = /^# TYPE \S+ (\S+)$/m.exec(block) ?? [];
    const samples = block.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const labels = samples.flatMap((line) =>
      [...line.matchAll(/[{,](\w+)="/g)].map(([, label]) => label ?? ''),
    );
    families.set(name, { name, kind, help, labels: new Set(labels), samples: samples.length });
  }
  return families;
}

let cluster: RunningCluster;
let families: Map<string, Family>;

beforeAll(async () => {
  cluster = await RunningCluster.start({
    nodes: 1,
    partitions: 2,
    database: true,
  });
  const [http = ''] = cluster.http;
  await post(http, 'commands/prod/PlaceTenant', {
    commandId: '0199d3a0-0000-7000-8000-000000000001',
    data: { tenantId: 'acme', cell: 'eu-1' },
  });
  await post(http, 'queries/prod/GetTenant', { params: { tenantId: 'acme' } });
  families = familiesOf(await (await fetch(`${http}/metrics`)).text());
}, 300_000);
afterAll(() => cluster.stop(), 300_000);

async function post(http: string, path: string, body: object): Promise<void> {
  const response = await fetch(`${http}/api/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect([path, response.status, await response.text()]).toEqual([path, 200, expect.anything()]);
}

const own = (): Family[] => [...families.values()].filter(({ name }) => name.startsWith('metad_'));

describe('the metrics of a running node', () => {
  it('are the documented ones', () => {
    const documented = exportedMetrics().map(({ name, kind, help }) => ({ name, kind, help }));
    const exported = own().map(({ name, kind, help }) => ({ name, kind, help }));
    const sorted = <T extends { name: string }>(list: T[]): T[] =>
      list.sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(sorted(exported)).toEqual(sorted(documented));
  });

  it('have names as Prometheus recommends, and say what they are', () => {
    for (const { name, kind, help } of own()) {
      expect(name).toMatch(/^metad_[a-z]+(_[a-z]+)*$/);
      expect([name, name.endsWith('_total')]).toEqual([name, kind === 'counter']);
      expect(name).not.toMatch(/(_ms|millis|micros|_kb|_mb|percent|_seconds_max|_bytes_max)/);
      expect(help).toMatch(/^.{10,}\.$/);
    }
  });

  it('show what was done', async () => {
    const text = await (await fetch(`${cluster.http[0]}/metrics`)).text();
    expect(text).toMatch(/^metad_commands_total\{command="PlaceTenant",outcome="applied",.*\} 1$/m);
    expect(text).toMatch(/^metad_queries_total\{query="GetTenant",outcome="ok",.*\} 1$/m);
    expect(text).toMatch(/^metad_command_duration_seconds_bucket\{le="\+Inf",.*\} 1$/m);
    expect(text).toMatch(/^metad_node_state\{state="serving",.*\} 1$/m);
    expect(text).toMatch(/^metad_raft_replicas\{role="leader",state="\w+",.*\} \d$/m);
    expect(text).toMatch(/^metad_disk_available_bytes\{.*\} [1-9]/m);
  });
});

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

const alerts = (
  parse(read('deploy/prometheus/alerts.yml')) as { groups: { rules: Alert[] }[] }
).groups.flatMap(({ rules }) => rules);

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const dashboard = JSON.parse(read('deploy/grafana/dashboards/metad.json')) as {
  panels: Panel[];
  templating: { list: { query: string }[] };
};
const shown = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({ where: title, expr, text: legendFormat })),
);

/** `up` and the labels of a scrape are Prometheus' own. */
const SCRAPED = ['up', 'job', 'instance'];

function unknownIn(expr: string, text: string): string[] {
  const { metrics, labels } = identifiersOf(expr);
  const known = (name: string): boolean =>
    SCRAPED.includes(name) ||
    families.has(name) ||
    families.get(name.replace(/_(bucket|sum|count)$/, ''))?.kind === 'histogram' ||
    families.get(name.replace(/_(bucket|sum|count)$/, ''))?.kind === 'summary';
  const declared = exportedMetrics().flatMap((metric) => metric.labels);
  const allLabels = new Set([
    ...SCRAPED,
    ...declared,
    ...[...families.values()].flatMap((family) => [...family.labels]),
  ]);
  const inText = [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, one]) => one);
  return [
    ...metrics.filter((name) => !known(name)),
    ...[...labels, ...inText].filter((name) => !allLabels.has(name ?? '')),
  ] as string[];
}

describe('deploy/prometheus and deploy/grafana', () => {
  it('name only metrics and labels that a node exports', () => {
    const rules = alerts.map(({ alert, expr, annotations }) => ({
      where: alert,
      expr,
      text: annotations.summary,
    }));
    expect(rules.length + shown.length).toBeGreaterThan(40);
    for (const { where, expr, text } of [...rules, ...shown]) {
      expect(identifiersOf(expr).metrics.length).toBeGreaterThan(0);
      expect([where, unknownIn(expr, text)]).toEqual([where, []]);
    }
  });

  it('would notice a name that is not there', () => {
    expect(unknownIn('rate(metad_comands_total{outcome="x"}[5m]) > 1', '')).toEqual([
      'metad_comands_total',
    ]);
    expect(unknownIn('sum by (nod) (metad_records)', '{{ $labels.kinde }}')).toEqual([
      'nod',
      'kinde',
    ]);
  });

  it('have a section of the runbook for every alert, and no other', () => {
    const sections = [...read('docs/runbook.md').matchAll(/^## (Metad\w+)$/gm)].map(
      ([, name]) => name,
    );
    expect(sections.sort()).toEqual(alerts.map(({ alert }) => alert).sort());
    for (const { alert, annotations, labels } of alerts) {
      expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
      expect(['page', 'ticket']).toContain(labels.severity);
    }
  });

  it('put every panel in a place of its own', () => {
    const ids = dashboard.panels.map((panel) => (panel as unknown as { id: number }).id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { query } of dashboard.templating.list) {
      const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(query) ?? [];
      expect(unknownIn(`sum by (${label}) (${metric})`, '')).toEqual([]);
    }
  });
});
