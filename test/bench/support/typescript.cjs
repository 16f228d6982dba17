// Lets a bench load the TypeScript of test/support; what is measured comes from dist/.
const { transformFileSync } = require('@swc/core');

require.extensions['.ts'] = (module, file) => {
  const { code } = transformFileSync(file, {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
    configFile: false,
    swcrc: false,
  });
  module._compile(code, file);
};
