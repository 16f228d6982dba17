import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { testDatabase } from '../../../support/postgres';
import { startServer, type TestServer } from '../../../support/server';
import { type Dialect, dialects } from '../../../support/tile-stores';

export const flightA = '00000000-0000-4000-8000-00000000000a';
export const flightB = '00000000-0000-4000-8000-00000000000b';

type Format = 'jpeg' | 'png' | 'webp';

export async function picture(colour: string, format: Format = 'jpeg', sizePx = 16): Promise<Buffer> {
  const image = sharp({ create: { width: sizePx, height: sizePx, channels: 3, background: colour } });
  return image.toFormat(format).toBuffer();
}

/** A picture that does not compress. */
export async function noise(seed: number, sizePx: number): Promise<Buffer> {
  const data = Buffer.alloc(sizePx * sizePx * 3);
  let state = seed;
  for (let index = 0; index < data.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[index] = state >>> 24;
  }
  return sharp(data, { raw: { width: sizePx, height: sizePx, channels: 3 } })
    .png()
    .toBuffer();
}

export interface Metadata {
  readonly z?: unknown;
  readonly x?: unknown;
  readonly y?: unknown;
  readonly source?: unknown;
  readonly captured_at?: unknown;
  readonly flight_id?: unknown;
  readonly sha256?: unknown;
}

export const google = (x: number, changes: Metadata = {}): Metadata => ({
  ...{ z: 10, x, y: 5, source: 'google_maps', captured_at: '2024-01-01T00:00:00Z' },
  ...changes,
});
export const uav = (x: number, flight_id: string, captured_at: string): Metadata =>
  google(x, { source: 'uav', flight_id, captured_at });

export const headers = (token: string | null) =>
  token === null ? undefined : { authorization: `Bearer ${token}` };

/** The form of an upload: what the client says of each file, and the files. */
export function uploadForm(entries: readonly unknown[], files: readonly Buffer[]): FormData {
  const form = new FormData();
  form.set('metadata', JSON.stringify(entries));
  for (const file of files) form.append('files', new Blob([new Uint8Array(file)]), 'tile.jpg');
  return form;
}

/** What {@link describeCatalogue} hands to its tests; the server and its tokens are there once tests run. */
export class CatalogueWorld {
  server!: TestServer;
  uploader!: string;
  reader!: string;

  readonly objectsFolder = () => new URL(this.server.application.config.objectStoreUrl).pathname;

  readonly stored = () =>
    readdirSync(this.objectsFolder(), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.objectsFolder().length + 1))
      .sort();

  readonly temporary = () => {
    const folder = join(this.server.application.config.dataDir, 'uploads');
    return existsSync(folder) ? readdirSync(folder) : [];
  };

  readonly send = (form: FormData, token: string | null = this.uploader): Promise<Response> =>
    fetch(`${this.server.url}/api/satellite/upload`, {
      method: 'POST',
      headers: headers(token),
      body: form,
    });

  readonly upload = (
    entries: readonly unknown[],
    files: readonly Buffer[],
    token: string | null = this.uploader,
  ): Promise<Response> => this.send(uploadForm(entries, files), token);

  readonly tile = (path: string, init: RequestInit = {}, token: string | null = this.reader) =>
    fetch(`${this.server.url}/tiles/${path}`, { ...init, headers: { ...headers(token), ...init.headers } });

  readonly inventory = (body: unknown, token: string | null = this.reader) =>
    this.server.call('POST', `${this.server.url}/api/satellite/tiles/inventory`, body, token);
}

/** Tests on a server of its own with each kind of tile catalogue; none may leave parts of an upload behind. */
export function describeCatalogue(tests: (world: CatalogueWorld) => void): void {
  describe.each(dialects)('tile catalogue over HTTP on %s', (dialect: Dialect) => {
    const world = new CatalogueWorld();
    let drop = async () => {};

    beforeAll(async () => {
      const database = dialect === 'postgres' ? await testDatabase() : undefined;
      drop = database?.drop ?? drop;
      world.server = await startServer({
        ...(database && { tileStoreUrl: database.url }),
        limitUpload: 2_000_000,
        limitUploadPixels: 1_000_000,
      });
      world.uploader = await world.server.user('uploader', ['uploader']);
      world.reader = await world.server.user('reader');
    });
    afterAll(async () => {
      await world.server.stop();
      await drop();
    });
    afterEach(() => expect(world.temporary()).toEqual([]));

    tests(world);
  });
}
