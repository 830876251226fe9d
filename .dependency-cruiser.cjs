/** Who may import whom. Each rule says why it is there; `npm run check` enforces them. */
const lib = (name) => `^libs/${name}/`;
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle means that two files are one concept, or that a port is missing.',
      severity: 'error',
      from: { pathNot: 'node_modules' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'foundation-imports-nothing',
      comment: 'Everything rests on foundation; it rests on nothing.',
      severity: 'error',
      from: { path: lib('foundation'), pathNot: '\\.spec\\.ts$' },
      to: { pathNot: lib('foundation') },
    },
    {
      name: 'core-is-pure',
      comment: 'The consensus core sees foundation alone: no Node, Nest, NATS, storage or driver.',
      severity: 'error',
      from: { path: '^libs/raft/src/core/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: ['^libs/raft/src/core/', lib('foundation')] },
    },
    {
      name: 'codec-is-pure',
      comment: 'Bytes of log records and frames: knows what it packs, not where it goes.',
      severity: 'error',
      from: { path: '^libs/raft/src/codec/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: ['^libs/raft/src/(codec|core)/', lib('foundation')] },
    },
    {
      name: 'pure-libs-have-no-io',
      comment:
        'contract, eventsourcing and partition are data and rules; hashing is their only dependency.',
      severity: 'error',
      from: {
        path: '^libs/(contract|eventsourcing|partition)/',
        pathNot: '(\\.spec\\.ts$|/testing/)',
      },
      to: {
        pathNot: [
          '^libs/(foundation|contract|eventsourcing|partition)/',
          'node_modules/xxhash-wasm',
        ],
      },
    },
    {
      name: 'driver-sees-ports-only',
      comment: 'The node driver knows the storage and transport ports, not their adapters.',
      severity: 'error',
      from: { path: '^libs/raft/src/node/', pathNot: '\\.spec\\.ts$' },
      to: {
        path: '^libs/raft/src/(storage|transport)/',
        pathNot: '^libs/raft/src/(storage|transport)/[a-z-]*port\\.ts$',
      },
    },
    {
      name: 'raft-without-nest',
      comment: 'Only raft.module.ts may know Nest.',
      severity: 'error',
      from: { path: lib('raft'), pathNot: 'raft\\.module\\.ts$' },
      to: { path: 'node_modules/@nestjs/' },
    },
    {
      name: 'libs-never-import-src',
      comment: 'libs are the dictionary, src is the sentence.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^src/' },
    },
    {
      name: 'client-knows-the-wire-only',
      comment: 'The client is published by itself: no server code in it.',
      severity: 'error',
      from: { path: lib('client') },
      to: { path: ['^libs/(raft|projection|eventsourcing)/', '^src/'] },
    },
    {
      name: 'libs-through-their-index',
      comment: 'No deep path into another lib.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: {
        path: '^libs/([^/]+)/',
        pathNot: ['^libs/$1/', '^libs/[^/]+/src/(testing/)?index\\.ts$'],
      },
    },
    {
      name: 'src-uses-libs-through-their-index',
      comment: 'No deep path into a lib; a kit is for specs, as the rule on testing/ says.',
      severity: 'error',
      from: { path: '^(src|migrations)/' },
      to: { path: '^libs/', pathNot: '^libs/[^/]+/src/(testing/)?index\\.ts$' },
    },
    {
      name: 'kinds-stand-alone',
      comment: 'A kind never imports another kind: adding one changes nothing else.',
      severity: 'error',
      from: { path: '^src/kinds/([^/]+)/' },
      to: { path: '^src/kinds/([^/]+)/', pathNot: '^src/kinds/$1/' },
    },
    {
      name: 'deciders-are-pure',
      comment: 'Deciders run on every replica and must agree.',
      severity: 'error',
      from: { path: '(^src/decide/|\\.decider\\.ts$)', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['core', 'npm'], pathNot: 'node_modules/xxhash-wasm' },
    },
    {
      name: 'write-side-never-asks-the-read-side',
      comment: 'The write side pushes, the read side pulls; both meet in consensus.',
      severity: 'error',
      from: { path: '^src/(consensus|decide|dispatch|projection)/' },
      to: { path: '^src/(command|query|watch)/' },
    },
    {
      name: 'testing-only-from-tests',
      comment: 'Simulation and kits never reach production code.',
      severity: 'error',
      from: { path: '^(src|libs)/', pathNot: '(\\.spec\\.ts$|/testing/)' },
      to: { path: '/testing/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
};
