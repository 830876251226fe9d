import { code, table } from './markdown.js';
import { exportedMetrics } from './exported-metrics.js';

const SECTIONS: readonly [prefix: RegExp, title: string][] = [
  [/^metad_(commands?|quer(y|ies)|requests?|unanswerable)_/, 'Commands, queries, requests'],
  [/^metad_(raft|snapshots?|event_loop)_/, 'Consensus'],
  [/^metad_(log|disk)_/, 'Log and disk'],
  [/^metad_(transport|broker)_/, 'Transport'],
  [/^metad_projection_/, 'Projections'],
  [/^metad_(http|audit)_/, 'Access'],
  [/^metad_/, 'State, watches, leases, node'],
];

export function metricsPage(): string {
  const rest = [...exportedMetrics()];
  const sections = SECTIONS.map(([prefix, title]) => {
    const own = rest.filter(({ name }) => prefix.test(name));
    for (const metric of own) rest.splice(rest.indexOf(metric), 1);
    const rows = own.map(({ name, kind, labels, help }) => [
      code(name),
      kind,
      labels.map(code).join(' ') || '–',
      help,
    ]);
    return `## ${title}\n\n${table(['metric', 'kind', 'labels', 'meaning'], rows)}`;
  });
  return `# Metrics

\`GET /metrics\` of every node, in the text format of Prometheus, with a token of any role
where HTTP has tokens. Every metric also has the labels
\`node\` and \`cluster\`. Beside these, \`process_*\` and \`nodejs_*\` are what Node.js exports
everywhere. Alerts are in \`deploy/prometheus/alerts.yml\`, what to do about each in
[the runbook](../runbook.md), a dashboard in \`deploy/grafana\`.

${sections.join('\n\n')}
`;
}
