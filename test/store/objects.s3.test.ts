import { silentLogger } from '../../src/base/logger';
import { openObjectStore } from '../../src/store/objects/open';
import { type S3Server, startFauxqs } from '../support/s3';
import { describeObjectStore } from './objects.contract';

jest.setTimeout(120_000);

let server: S3Server;
beforeAll(async () => {
  server = await startFauxqs();
});
afterAll(() => server.stop());

async function open(prefix = '') {
  const url = `s3://${await server.newBucket()}${prefix}`;
  return openObjectStore(url, { logger: silentLogger, s3: { endpoint: server.endpoint, isPathStyle: true } });
}

// This server sorts as people do, not by bytes.
const sortedAlike = { letters: 'a-c0' };
describe('in a bucket', () => describeObjectStore(() => open(), sortedAlike));
describe('below a prefix of a bucket', () => describeObjectStore(() => open('/deep/er ü/'), sortedAlike));
