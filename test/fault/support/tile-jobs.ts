import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawing, encode } from '../../pyramid/support/pictures';
import { faultRounds } from '../../support/fault-rounds';
import { inWork, isTilePut, until } from '../../support/generations';
import { type S3Server, startFauxqs } from '../../support/s3';
import { type S3Proxy, startProxy } from '../../support/s3-proxy';

/** A bucket behind a proxy that sees and spoils what is asked of it. */
export interface WatchedBucket {
  readonly s3: S3Server;
  readonly proxy: S3Proxy;
  /** `s3://…` of a new bucket. */
  newUrl(): Promise<string>;
  /** What a program needs to store in it through the proxy. */
  env(objectStoreUrl: string): Record<string, string>;
  /** Requests that stored a tile, since `proxy.seen` was emptied. */
  tilePuts(): number;
  stop(): Promise<void>;
}

export async function startWatchedBucket(): Promise<WatchedBucket> {
  const s3 = await startFauxqs();
  const proxy = await startProxy(s3.endpoint);
  return {
    ...{ s3, proxy },
    newUrl: async () => `s3://${await s3.newBucket()}/p`,
    env: (objectStoreUrl) => ({
      ...s3.credentials,
      ...{ TILEGRAPH_OBJECT_STORE_URL: objectStoreUrl, TILEGRAPH_S3_ENDPOINT: proxy.endpoint },
      ...{ TILEGRAPH_S3_PATH_STYLE: 'true', TILEGRAPH_JOB_LEASE: '1' },
    }),
    tilePuts: () => proxy.seen.filter(isTilePut).length,
    async stop() {
      await proxy.stop();
      await s3.stop();
    },
  };
}

/** A folder for the data of one machine; `lose` is what happens to its disk. */
export function machineFolder(): { readonly dataDir: string; lose(): void } {
  const dataDir = mkdtempSync(join(tmpdir(), 'tilegraph-fault-tiles-'));
  return { dataDir, lose: () => rmSync(dataDir, { recursive: true, force: true }) };
}

/** A picture of more than 500 tiles. */
export const largePicture = () => encode(drawing(5000, 4700), 5000, 4700, 'png');

/** Kills at random moments, spread over the tiles of one job. @returns as many tiles as may have been stored by its end */
export async function killWhileTilesAreMade(
  { tilePuts }: WatchedBucket,
  total: number,
  kill: () => Promise<void>,
): Promise<number> {
  const kills = faultRounds;
  for (let n = 1; n <= kills; n++) {
    const at = Math.floor(((n - 0.5 + (Math.random() - 0.5) / 2) * total) / kills);
    await until(`tile ${at}`, () => tilePuts() >= at);
    await kill();
  }
  return total + kills * inWork;
}
