/** One configuration for every suite; paths select what runs (`npm test` runs all but browser). */
const libs = [
  'foundation',
  'contract',
  'eventsourcing',
  'partition',
  'raft',
  'projection',
  'client',
];

export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  roots: ['src', 'libs', 'test', 'examples', 'benchmark'].map((folder) => `<rootDir>/${folder}`),
  testRegex: '\\.spec\\.ts$',
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/test/browser/'],
  transform: {
    '^.+\\.ts$': [
      '<rootDir>/jest.transform.mjs',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true, dynamicImport: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: false,
          },
          keepClassNames: true,
        },
      },
    ],
  },
  moduleNameMapper: {
    '^@metad/eventsourcing/testing$': '<rootDir>/libs/eventsourcing/src/testing/index.ts',
    '^@metad/raft/testing$': '<rootDir>/libs/raft/src/testing/index.ts',
    '^@metad/client/nest$': '<rootDir>/libs/client/src/nest/index.ts',
    ...Object.fromEntries(
      libs.map((name) => [`^@metad/${name}$`, `<rootDir>/libs/${name}/src/index.ts`]),
    ),
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testSequencer: '<rootDir>/jest.sequencer.mjs',
  coverageProvider: 'v8',
  // A bound for what hangs, not a measurement: a slow machine must not fail a test.
  testTimeout: 300_000,
  maxWorkers: 2,
};
