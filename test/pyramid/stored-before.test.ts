import { silentLogger } from '../../src/base/logger';
import { openObjectStore } from '../../src/store/objects/open';
import type { ObjectStore } from '../../src/store/objects/types';
import { type S3Server, startFauxqs } from '../support/s3';
import { type S3Proxy, startProxy } from '../support/s3-proxy';
import { drawing, encode } from './support/pictures';
import { openWorkshop, type Workshop } from './support/workshop';

jest.setTimeout(120_000);

let shop: Workshop;
let s3: S3Server;
let proxy: S3Proxy;
let bucket: ObjectStore;
let picture: Buffer;
beforeAll(async () => {
  shop = await openWorkshop();
  s3 = await startFauxqs();
  proxy = await startProxy(s3.endpoint);
  bucket = await openObjectStore(`s3://${await s3.newBucket()}/p`, {
    logger: silentLogger,
    s3: { endpoint: proxy.endpoint, isPathStyle: true },
  });
  picture = await encode(drawing(1500, 1100), 1500, 1100, 'png');
});
afterAll(async () => {
  await bucket?.close();
  await proxy?.stop();
  await s3?.stop();
  await shop?.close();
});

const tile = /\/\d+\/\d+\/\d+\.png/;
const tileCount = 30 + 9 + 4 + 1;

/** Makes the pyramid, and tells how many tiles were uploaded for it. */
async function uploads(prefix: string, keepSince?: Date): Promise<number> {
  proxy.seen.length = 0;
  const source = await shop.store(picture);
  const { result } = await shop.generate(source, {}, { prefix, keepSince, objects: bucket });
  expect(result.tile_count).toBe(tileCount);
  return proxy.seen.filter(({ method, url }) => method === 'PUT' && tile.test(url)).length;
}

const bytesOf = async (objects: ObjectStore, key: string) =>
  Buffer.concat(await (await objects.get(key))!.body.toArray());

/** After all that was written until now. */
const later = () => new Date(Date.now() + 3_600_000);

test('every tile is uploaded to its address once, and not again by a run that finds it', async () => {
  expect(await uploads('one/')).toBe(tileCount);
  expect(await uploads('one/')).toBe(0);
  // Addresses of another set are other ones.
  expect(await uploads('two/')).toBe(tileCount);
});

test('made anew, only tiles that are others now are uploaded', async () => {
  await uploads('anew/');
  const key = 'anew/2/1/1.png';
  const right = await bytesOf(bucket, key);
  await bucket.put(key, Buffer.from('spoilt'));
  expect(await uploads('anew/')).toBe(0);
  expect(String(await bytesOf(bucket, key))).toBe('spoilt');
  expect(await uploads('anew/', later())).toBe(1);
  expect(await bytesOf(bucket, key)).toEqual(right);
  expect(await uploads('anew/', later())).toBe(0);
});

test('folders know no contents: what is made anew is written anew', async () => {
  const make = async (keepSince?: Date) => {
    await shop.generate(await shop.store(picture), {}, { prefix: 'folder/', keepSince });
    const { items } = await shop.objects.list('folder/');
    return new Map(items.filter(({ key }) => tile.test(`/${key}`)).map(({ key, etag }) => [key, etag]));
  };
  const first = await make();
  expect(first.size).toBe(tileCount);
  expect(await make()).toEqual(first);
  const anew = await make(later());
  expect([...anew.keys()]).toEqual([...first.keys()]);
  for (const [key, etag] of anew) expect(etag).not.toBe(first.get(key));
});
