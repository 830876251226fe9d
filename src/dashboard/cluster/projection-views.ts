import type { JobFigures, NodeReport } from '../node/node-report.js';
import type { ProjectionView } from './snapshot.js';

type OnNode = ProjectionView['nodes'][number];

/** Rates are measured between this and the report before, by whoever kept it. */
export type RateOf = (node: string, projection: string, absorbed: number) => number | null;

/** Joins what each node says of its projections, by name, in the order of the nodes. */
export function projectionViews(reports: readonly NodeReport[], rateOf: RateOf): ProjectionView[] {
  const byName = new Map<string, OnNode[]>();
  for (const { node, projections, jobs } of reports) {
    for (const figures of projections) {
      const { name, absorbed } = figures;
      const verified = verifiedBy(jobs, name);
      const on = { ...figures, node, rate: rateOf(node, name, absorbed), verified };
      byName.set(name, [...(byName.get(name) ?? []), on]);
    }
  }
  return [...byName].map(([name, nodes]) => ({ name, agreement: agreementOf(nodes), nodes }));
}

/** Jobs come newest first. */
function verifiedBy(jobs: readonly JobFigures[], projection: string): OnNode['verified'] {
  const found = jobs.find((job) => job.projection === projection && job.equal !== null);
  if (!found || found.equal === null) return null;
  return { equal: found.equal, at: found.finishedAt ?? found.createdAt };
}

function agreementOf(nodes: readonly OnNode[]): ProjectionView['agreement'] {
  const filled = nodes.filter(({ state }) => state === 'live');
  if (filled.length < 2) return 'alone';
  const atPoint = new Map<string, string>();
  let compared = false;
  for (const { pointHash, digestHash } of filled) {
    const known = atPoint.get(pointHash);
    if (known !== undefined && known !== digestHash) return 'differs';
    if (known !== undefined) compared = true;
    atPoint.set(pointHash, digestHash);
  }
  return compared ? 'equal' : 'moving';
}
