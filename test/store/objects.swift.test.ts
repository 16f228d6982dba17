import { silentLogger } from '../../src/base/logger';
import { openObjectStore } from '../../src/store/objects/open';
import { type S3Server, startSwift, swiftPython } from '../support/s3';
import { describeWith } from '../support/tools';
import { describeObjectStore } from './objects.contract';

jest.setTimeout(240_000);

describeWith(swiftPython, 'python3-swift', "in a bucket of OpenStack Swift's", () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startSwift();
  });
  afterAll(() => server.stop());

  async function open() {
    const url = `s3://${await server.newBucket()}/prefix`;
    return openObjectStore(url, {
      logger: silentLogger,
      s3: { endpoint: server.endpoint, isPathStyle: true },
    });
  }

  describeObjectStore(open, { rounds: 5 });
});
