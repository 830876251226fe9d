import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { environmentSchema, readConfiguration } from '../../src/app/configuration.js';
import { needOf } from '../../src/http/access/route-access.js';

// The shapes are those of the Kubernetes API, as far as the manifests use it: a key that the API
// does not have, or in the wrong place, does not pass. What the manifests say of metad must be
// true.

const text = readFileSync(join(import.meta.dirname, '../../deploy/kubernetes/metad.yaml'), 'utf8');

const labels = z.record(z.string(), z.string());
const metadata = z.strictObject({ name: z.string(), labels });
const selector = z.strictObject({ matchLabels: labels });
const httpProbe = z.strictObject({
  httpGet: z.strictObject({ path: z.string(), port: z.literal('http') }),
  periodSeconds: z.int(),
  timeoutSeconds: z.int().optional(),
  failureThreshold: z.int(),
});
const keyRef = z.strictObject({ name: z.string(), key: z.string() });
const variable = z.strictObject({
  name: z.string(),
  valueFrom: z.union([
    z.strictObject({ fieldRef: z.strictObject({ fieldPath: z.literal('metadata.name') }) }),
    z.strictObject({ secretKeyRef: keyRef }),
  ]),
});
const quantity = z.string().regex(/^\d+(m|Mi|Gi)$/);
const container = z.strictObject({
  name: z.string(),
  image: z.string(),
  ports: z.array(z.strictObject({ name: z.literal('http'), containerPort: z.int() })),
  envFrom: z.array(z.strictObject({ configMapRef: z.strictObject({ name: z.string() }) })),
  env: z.array(variable),
  startupProbe: httpProbe,
  livenessProbe: httpProbe,
  readinessProbe: httpProbe,
  resources: z.strictObject({
    requests: z.strictObject({ cpu: quantity, memory: quantity }),
    limits: z.strictObject({ memory: quantity }),
  }),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  volumeMounts: z.array(
    z.strictObject({
      name: z.string(),
      mountPath: z.string().startsWith('/'),
      readOnly: z.boolean().optional(),
    }),
  ),
});
const volume = z.union([
  z.strictObject({ name: z.string(), emptyDir: z.strictObject({}) }),
  z.strictObject({
    name: z.string(),
    secret: z.strictObject({
      secretName: z.string(),
      defaultMode: z.int(),
      items: z.array(z.strictObject({ key: z.string(), path: z.string() })),
    }),
  }),
]);
const podSpec = z.strictObject({
  terminationGracePeriodSeconds: z.int(),
  automountServiceAccountToken: z.literal(false),
  securityContext: z.strictObject({
    runAsNonRoot: z.literal(true),
    runAsUser: z.int().min(1),
    runAsGroup: z.int().min(1),
    fsGroup: z.int().min(1),
    seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
  }),
  affinity: z.strictObject({
    podAntiAffinity: z.strictObject({
      requiredDuringSchedulingIgnoredDuringExecution: z.array(
        z.strictObject({ topologyKey: z.string(), labelSelector: selector }),
      ),
    }),
  }),
  topologySpreadConstraints: z.array(
    z.strictObject({
      maxSkew: z.int(),
      topologyKey: z.string(),
      whenUnsatisfiable: z.enum(['ScheduleAnyway', 'DoNotSchedule']),
      labelSelector: selector,
    }),
  ),
  containers: z.array(container).length(1),
  volumes: z.array(volume),
});
const object = z.discriminatedUnion('kind', [
  z.strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('ConfigMap'),
    metadata,
    data: z.record(z.string(), z.string()),
  }),
  z.strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('Service'),
    metadata,
    spec: z.strictObject({
      clusterIP: z.literal('None').optional(),
      publishNotReadyAddresses: z.boolean().optional(),
      selector: labels,
      ports: z.array(
        z.strictObject({ name: z.string(), port: z.int(), targetPort: z.literal('http') }),
      ),
    }),
  }),
  z.strictObject({
    apiVersion: z.literal('policy/v1'),
    kind: z.literal('PodDisruptionBudget'),
    metadata,
    spec: z.strictObject({ maxUnavailable: z.int(), selector }),
  }),
  z.strictObject({
    apiVersion: z.literal('apps/v1'),
    kind: z.literal('StatefulSet'),
    metadata,
    spec: z.strictObject({
      serviceName: z.string(),
      replicas: z.int(),
      podManagementPolicy: z.enum(['Parallel', 'OrderedReady']),
      updateStrategy: z.strictObject({ type: z.literal('RollingUpdate') }),
      selector,
      template: z.strictObject({ metadata: z.strictObject({ labels }), spec: podSpec }),
      volumeClaimTemplates: z.array(
        z.strictObject({
          metadata: z.strictObject({ name: z.string() }),
          spec: z.strictObject({
            accessModes: z.array(z.enum(['ReadWriteOnce', 'ReadWriteOncePod'])),
            resources: z.strictObject({ requests: z.strictObject({ storage: quantity }) }),
          }),
        }),
      ),
    }),
  }),
]);
type Manifest = z.infer<typeof object>;

const manifests = parseAllDocuments(text).map((document) => object.parse(document.toJS()));

function the<K extends Manifest['kind']>(kind: K): Extract<Manifest, { kind: K }> {
  const found = manifests.find((each) => each.kind === kind);
  if (!found) throw new Error(`no ${kind}`);
  return found as Extract<Manifest, { kind: K }>;
}

const { spec: set } = the('StatefulSet');
const { spec: pod } = set.template;
const [node] = pod.containers;
if (!node) throw new Error('no container');

describe('deploy/kubernetes', () => {
  it('configures every pod validly, under its own name', () => {
    const { data } = the('ConfigMap');
    const given = [...Object.keys(data), ...node.env.map(({ name }) => name)];
    expect(given.filter((name) => !(name in environmentSchema.shape))).toEqual([]);
    for (let ordinal = 0; ordinal < set.replicas; ordinal += 1) {
      const name = `metad-${ordinal}`;
      const secrets = {
        METAD_NODE_SECRET: 'from-the-secret-32-bytes-or-more',
        DATABASE_URL: 'postgres://metad@db/metad',
      };
      const settings = readConfiguration({ ...data, ...secrets, METAD_NODE: name });
      expect(settings.members).toContain(name);
      expect(settings.members).toHaveLength(set.replicas);
      expect(settings.http.port).toBe(node.ports[0]?.containerPort);
    }
  });

  it('mounts what the settings name, and leaves the rest of the disk alone', () => {
    const { data } = the('ConfigMap');
    const mounts = new Map(node.volumeMounts.map((mount) => [mount.mountPath, mount.name]));
    const claims = set.volumeClaimTemplates.map((claim) => claim.metadata.name);
    expect(claims).toEqual([mounts.get(data['METAD_DATA_DIR'] ?? '')]);
    const secret = pod.volumes.find((each) => 'secret' in each);
    const items = secret && 'secret' in secret ? secret.secret.items : [];
    const files = items.map(({ path }) => `/etc/metad/${path}`);
    expect(mounts.get('/etc/metad')).toBe(secret?.name);
    expect(files).toEqual(
      expect.arrayContaining([data['METAD_HTTP_TOKENS_FILE'], data['NATS_CREDS']]),
    );
    const declared = [...claims, ...pod.volumes.map(({ name }) => name)];
    expect(declared.sort()).toEqual([...mounts.values()].sort());
  });

  it('probes what needs no token, and liveness apart from readiness', () => {
    const paths = [node.startupProbe, node.livenessProbe, node.readinessProbe].map(
      ({ httpGet }) => httpGet.path,
    );
    expect(paths).toEqual(['/startupz', '/livez', '/readyz']);
    for (const path of paths) expect(needOf('GET', path, () => false).kind).toBe('nothing');
  });

  it('keeps a majority: on machines apart, one disruption at a time, and time to drain', () => {
    const [rule] = pod.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    expect(rule?.topologyKey).toBe('kubernetes.io/hostname');
    const { spec: budget } = the('PodDisruptionBudget');
    expect(budget.maxUnavailable).toBeLessThanOrEqual(Math.floor((set.replicas - 1) / 2));
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(30);
    const { labels: own } = set.template.metadata;
    const selectors = [budget.selector, set.selector, rule?.labelSelector].map(
      (each) => each?.matchLabels,
    );
    const services = manifests.flatMap((each) => (each.kind === 'Service' ? [each] : []));
    for (const chosen of [...selectors, ...services.map(({ spec }) => spec.selector)]) {
      expect(own).toMatchObject(chosen ?? { none: '' });
    }
    expect(services.find(({ spec }) => spec.clusterIP === 'None')?.metadata.name).toBe(
      set.serviceName,
    );
  });

  it('asks in its page for every key of the secret', () => {
    const page = readFileSync(
      join(import.meta.dirname, '../../deploy/kubernetes/README.md'),
      'utf8',
    );
    const keys = [
      ...node.env.flatMap(({ valueFrom }) =>
        'secretKeyRef' in valueFrom ? [valueFrom.secretKeyRef.key] : [],
      ),
      ...pod.volumes.flatMap((each) =>
        'secret' in each ? each.secret.items.map(({ key }) => key) : [],
      ),
    ];
    expect(keys).toHaveLength(4);
    for (const key of keys) expect(page).toMatch(new RegExp(`--from-(literal|file)=${key}\\b`));
  });
});
