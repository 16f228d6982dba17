import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { ObjectStore } from '../../src/store/objects/types';
import { type ApiClient, adminPassword } from './api';

/** Tiles that one worker has in work at once (`tilesAtOnce`). */
export const inWork = 16;

type Json = Record<string, unknown>;

/** Waits for something to be there. @throws Error after two minutes */
export async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await delay(5)) {
    const value = await look();
    if (value) return value;
  }
  throw new Error(`It did not happen in time: ${what}`);
}

/** Whether a request to a bucket stores a tile of a draft. */
export const isTilePut = ({ method, url }: { method?: string; url?: string }) =>
  method === 'PUT' && /\/uploads\/tiles\/.*\.png/.test(url ?? '');

/** What a folder holds, by the digests of its files. */
export async function digests(objects: ObjectStore, prefix: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { key } of (await objects.list(prefix)).items) {
    const object = (await objects.get(key))!;
    const hash = createHash('sha256')
      .update(await buffer(object.body))
      .digest('hex');
    if (key.endsWith('.png')) found.set(key.slice(prefix.length), hash);
  }
  return found;
}

/** A project with a draft and a base map; starts generations of it. */
export async function makeProject(server: ApiClient, slug: string, picture: Buffer) {
  const call = async (method: string, path: string) =>
    (await (await server.call(method, `${server.url}/api/projects${path}`, undefined)).json()) as Json;
  await server.call('POST', `${server.url}/api/projects`, { slug });
  await call('POST', `/${slug}/versions`);
  const form = new FormData();
  form.set('asset_type', 'base_map');
  form.set('file', new Blob([new Uint8Array(picture)]), 'a.png');
  const authorization = `Bearer ${await server.login('admin', adminPassword)}`;
  const path = `${server.url}/api/projects/${slug}/versions/1`;
  const asset = await fetch(`${path}/assets`, { method: 'POST', headers: { authorization }, body: form });
  const { id } = (await asset.json()) as { id: string };
  return {
    async start(): Promise<string> {
      return String((await call('POST', `/${slug}/versions/1/generate-tiles?asset_id=${id}`))['job_id']);
    },
    prefix: (job: string) => `mp/${slug}/uploads/tiles/1/${job}/`,
  };
}
