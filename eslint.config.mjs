import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/dist/', 'coverage/', 'node_modules/', 'data/', 'benchmark/out/'] },
  ...tseslint.configs.recommendedTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Every promise is awaited or owned (`void` marks the owned ones).
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      eqeqeq: 'error',
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 6],
      'no-console': 'error',
    },
  },
  {
    // The parts that every replica must compute alike: no clock, no dice, no promises, no locale.
    files: ['libs/raft/src/core/**/*.ts', 'src/decide/**/*.ts', 'src/kinds/**/*.decider.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['Date', 'Promise', 'Intl', 'performance', 'process', 'setTimeout', 'setInterval'].map(
          (name) => ({ name, message: 'Time, chance and I/O are inputs here.' }),
        ),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Chance comes in as a seed.' },
        { property: 'localeCompare', message: 'Order must not depend on the locale.' },
        { property: 'toLocaleString', message: 'Text must not depend on the locale.' },
        { property: 'toLocaleLowerCase', message: 'Text must not depend on the locale.' },
      ],
    },
  },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts', 'libs/*/src/testing/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // Nest's factories take what they inject as parameters.
    files: ['**/*.module.ts'],
    rules: { 'max-params': 'off' },
  },
  {
    files: ['src/cli/**/*.ts', 'benchmark/**/*.ts', 'libs/raft/src/testing/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
);
