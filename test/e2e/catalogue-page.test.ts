import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { adminPassword } from '../support/api';
import { decodePicture } from '../support/picture';
import { eventually, type ServerProcess, spawnServer } from '../support/process';
import { describeWith } from '../support/tools';
import { chromiumPath, launchChromium } from './support/chromium';

// What somebody sees who looks at the tile catalogue in a browser.

const zoom = 15;
/** Beside and below each other, the last place empty. */
const cells = [
  [17_000, 11_000, 'red'],
  [17_001, 11_000, 'lime'],
  [17_000, 11_001, 'blue'],
] as const;
const colours = { red: [255, 0, 0, 255], lime: [0, 255, 0, 255], blue: [0, 0, 255, 255] };

describeWith(chromiumPath, 'Chromium', 'the page of the tile catalogue', () => {
  let folder: string;
  let browser: Browser;
  let server: ServerProcess;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tilegraph-catalogue-page-'));
    [server, browser] = await Promise.all([start('true'), launchChromium()]);
    page = await open();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(isPublic: string): Promise<ServerProcess> {
    return spawnServer({
      dataDir: folder,
      env: {
        TILEGRAPH_TILE_STORE_URL: `sqlite:///${join(folder, 'tiles.db')}`,
        TILEGRAPH_TILES_PUBLIC: isPublic,
      },
    });
  }

  async function open(): Promise<Page> {
    const opened = await browser.newPage({ viewport: { width: 1000, height: 700 } });
    opened.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    opened.on('pageerror', (error) => complaints.push(error.message));
    await opened.goto(`${server.url}/catalogue`);
    return opened;
  }

  async function upload(): Promise<void> {
    const form = new FormData();
    const common = { z: zoom, source: 'google_maps', captured_at: '2024-05-01T12:00:00Z' };
    form.set('metadata', JSON.stringify(cells.map(([x, y]) => ({ ...common, x, y }))));
    for (const [, , background] of cells) {
      const bytes = await sharp({ create: { width: 256, height: 256, channels: 3, background } })
        .png()
        .toBuffer();
      form.append('files', new Blob([new Uint8Array(bytes)]), 'tile.png');
    }
    const token = await server.login('admin', adminPassword);
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${server.url}/api/satellite/upload`, {
      method: 'POST',
      headers,
      body: form,
    });
    expect(response.status).toBe(207);
  }

  /** The four cells lie around the middle of the map. */
  async function quarters(): Promise<unknown[]> {
    const { width, height, pixel } = await decodePicture(await page.locator('#map').screenshot());
    const [x, y] = [Math.round(width / 2), Math.round(height / 2)];
    return [
      [-40, -40],
      [40, -40],
      [-40, 40],
      [40, 40],
    ].map(([dx, dy]) => pixel(x + dx, y + dy));
  }

  const seen = () =>
    eventually(async () => expect((await quarters()).slice(0, 3)).toEqual(Object.values(colours)), 30_000);

  test('says that there is nothing, and how to change that', async () => {
    await page.getByText('There are no tiles yet').waitFor();
  });

  test('shows the tiles where they belong, and asks for no others', async () => {
    await upload();
    await page.close();
    page = await open();
    await seen();
    expect((await quarters())[3]).not.toEqual(expect.arrayContaining([255, 0, 0]));
    await page.getByText('Zoom level 15, captured on 2024-05-01.').waitFor();
    // Above the tiles' zoom they are enlarged.
    await page.getByRole('button', { name: 'Zoom in' }).click();
    await seen();
    expect(complaints).toEqual([]);
  });

  test('tells what is known of a tile, and where there is none', async () => {
    const { width, height } = (await page.locator('#map').boundingBox())!;
    const click = (dx: number, dy: number) =>
      page.locator('#map').click({ position: { x: width / 2 + dx, y: height / 2 + dy } });
    await click(-60, -60);
    await page.locator('.leaflet-popup', { hasText: 'Source: google_maps' }).waitFor();
    expect(await page.locator('.leaflet-popup-content').last().textContent()).toContain(
      '2024-05-01 12:00:00 UTC',
    );
    await page.getByRole('button', { name: 'Close popup' }).last().click();
    await click(60, 60);
    await page.locator('.leaflet-popup', { hasText: 'There is no tile here.' }).waitFor();
  });

  test('where reading needs a login it asks for one', async () => {
    await page.close();
    await server.stop();
    server = await start('false');
    page = await open();
    await page.getByText('Log in to see the tiles.').waitFor();
    await page.getByLabel('User').fill('admin');
    await page.getByLabel('Password').fill(adminPassword);
    await page.getByRole('button', { name: 'Log in' }).click();
    await seen();
  });
});
