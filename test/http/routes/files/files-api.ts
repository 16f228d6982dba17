import request from 'supertest';
import { type Harness, startHarness } from '../../support/harness';

/** The most bytes that a user may keep. */
export const quota = 100_000;

/** What {@link filesApi} hands to its tests; server and users are there once tests run, the users new for each of them. */
export class FilesApi {
  harness!: Harness;
  alice!: string;
  bob!: string;

  put(path: string, body: Buffer | string, token = this.alice) {
    return request(this.harness.api)
      .put(`/files/${path}`)
      .set('Authorization', token)
      .type('application/octet-stream')
      .send(body);
  }

  get(path: string, token = this.alice) {
    return request(this.harness.api)
      .get(`/files/${path}`)
      .set('Authorization', token)
      .buffer(true)
      .responseType('blob');
  }

  async list(token = this.alice, query = '') {
    return (await request(this.harness.api).get(`/files${query}`).set('Authorization', token)).body;
  }
}

export function filesApi(): FilesApi {
  const api = new FilesApi();
  let count = 0;
  beforeAll(async () => {
    api.harness = await startHarness({ settings: { filesQuotaBytes: quota } });
  });
  afterAll(() => api.harness.stop());
  beforeEach(async () => {
    count++;
    api.alice = await api.harness.login(`alice${count}`);
    api.bob = await api.harness.login(`bob${count}`);
  });
  return api;
}

export const content = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
