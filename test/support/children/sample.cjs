// Makes the sample collection in a folder: node sample.cjs <folder>
const { createSample } = require('../../../src/sample/create.ts');
const { silentLogger } = require('../../../src/base/logger.ts');

createSample(process.argv[2], { logger: silentLogger }).then(({ collectionFile }) =>
  process.stdout.write(collectionFile),
);
