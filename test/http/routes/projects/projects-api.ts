import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { drawing, encode } from '../../../pyramid/support/pictures';
import { startServer, type TestServer } from '../../../support/server';

export type Json = Record<string, unknown>;

/** A server with two users for the tests of a file, and what they do with map projects; as Ann, unless told otherwise. */
export function useProjects() {
  let server: TestServer;
  let ann: string;
  let bob: string;
  let picture: Buffer;
  beforeAll(async () => {
    server = await startServer();
    [ann, bob] = [await server.user('ann'), await server.user('bob')];
    picture = await encode(drawing(901, 703, 4), 901, 703, 'png');
  });
  afterAll(() => server.stop());

  const at = (path: string) => `${server.url}/api${path}`;
  const call = async (method: string, path: string, body?: unknown, token: string | null = ann) => {
    const response = await server.call(method, at(path), body, token);
    const text = await response.text();
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Json };
  };

  async function upload(
    path: string,
    file: Buffer,
    type: string | null = 'base_map',
    token: string | null = ann,
  ) {
    const form = new FormData();
    if (type !== null) form.set('asset_type', type);
    form.set('file', new Blob([new Uint8Array(file)]), 'Zoë’s map.png');
    const headers = token === null ? undefined : { authorization: `Bearer ${token}` };
    const response = await fetch(at(`${path}/assets`), { method: 'POST', headers, body: form });
    return { status: response.status, body: (await response.json()) as Json };
  }

  /** Waits until a job has ended, and keeps what was seen of it. */
  async function follow(id: unknown, token = ann) {
    const seen: Json[] = [];
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(5)) {
      const { body } = await call('GET', `/jobs/${id}`, undefined, token);
      if (JSON.stringify(body) !== JSON.stringify(seen.at(-1))) seen.push(body);
      if (['completed', 'failed', 'canceled'].includes(String(body['status']))) return { job: body, seen };
    }
    throw new Error(`The job does not end: ${JSON.stringify(seen.at(-1))}`);
  }

  /** A project with a draft and an asset. */
  async function draft(token = ann, file = picture) {
    const slug = `map-${randomUUID().slice(0, 8)}`;
    await call('POST', '/projects', { slug }, token);
    const { body } = await call('POST', `/projects/${slug}/versions`, undefined, token);
    const path = `/projects/${slug}/versions/${body['version']}`;
    const asset = await upload(path, file, 'base_map', token);
    return { slug, path, assetId: String(asset.body['id']), versionId: String(body['id']) };
  }

  const generate = (path: string, assetId: string, query = '', token: string | null = ann) =>
    call('POST', `${path}/generate-tiles?asset_id=${assetId}${query}`, undefined, token);

  return {
    get server() {
      return server;
    },
    get ann() {
      return ann;
    },
    get bob() {
      return bob;
    },
    /** What their projects are made of. */
    get picture() {
      return picture;
    },
    ...{ at, call, upload, follow, draft, generate },
  };
}
