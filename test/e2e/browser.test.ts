import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { adminPassword } from '../support/api';
import { decodePicture, difference, type Picture } from '../support/picture';
import { eventually, type ServerProcess, spawnServer } from '../support/process';
import { describeWith } from '../support/tools';
import { chromiumPath, launchChromium } from './support/chromium';

// What somebody sees who opens the printed address.

const inPage = require('./in-page.cjs') as Record<'isDrawn' | 'widths' | 'hasPixels', () => unknown>;

describeWith(chromiumPath, 'Chromium', 'the start page', () => {
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  /** What the browser complained about: errors of scripts, failed requests, violated policies. */
  const complaints: string[] = [];

  beforeAll(async () => {
    [server, browser] = await Promise.all([spawnServer({ command: 'start' }), launchChromium()]);
    page = await open({ width: 1280, height: 800 });
    await drawn();
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  async function open(viewport: { width: number; height: number }, url = `${server.url}/`): Promise<Page> {
    const opened = await browser.newPage({ viewport });
    opened.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    opened.on('pageerror', (error) => complaints.push(error.message));
    opened.on('requestfailed', (request) => {
      // Changing the service cancels the tiles of the one before.
      if (request.failure()?.errorText !== 'net::ERR_ABORTED') complaints.push(request.url());
    });
    await opened.goto(url);
    return opened;
  }

  /** Resolves when all tiles are there and have faded in. */
  async function drawn(on = page): Promise<void> {
    await on.waitForFunction(inPage.isDrawn);
  }

  async function picture(on = page): Promise<Picture> {
    return decodePicture(await on.locator('#map').screenshot());
  }

  async function choose(title: string): Promise<Picture> {
    await page.getByRole('button', { name: title }).click();
    await page.locator('[aria-pressed=true]', { hasText: title }).waitFor();
    await drawn();
    return picture();
  }

  test('lists the services and draws the first one', async () => {
    expect(await page.locator('#services strong').allTextContents()).toEqual([
      'True colour without clouds',
      'NDVI',
      'One day, clouds included',
      'False colour, infrared',
    ]);
    const map = await picture();
    expect(map.colours()).toBeGreaterThan(10_000);
    expect(await page.locator('#notice').textContent()).toBe('');
  });

  test('shows where the data are, filling the map', async () => {
    const { width, height, pixel } = await picture();
    let land = 0;
    for (let y = 0; y < height; y += 4)
      for (let x = 0; x < width; x += 4) {
        const [red, , blue] = pixel(x, y);
        // The empty map is a pale green-grey.
        if (red < 220 || blue < 220) land++;
      }
    expect(land / ((width * height) / 16)).toBeGreaterThan(0.5);
  });

  test('another service is another picture', async () => {
    const before = await picture();
    const ndvi = await choose('NDVI');
    expect(difference(before, ndvi)).toBeGreaterThan(0.4);
    const back = await choose('True colour without clouds');
    expect(difference(before, back)).toBeLessThan(0.001);
  });

  test('the opacity changes the picture', async () => {
    const before = await picture();
    await page.locator('#opacity').fill('0');
    expect((await picture()).colours()).toBeLessThan(1000);
    await page.locator('#opacity').fill('100');
    expect(difference(before, await picture())).toBeLessThan(0.001);
  });

  test('zooming in shows more detail', async () => {
    const before = await picture();
    await page.locator('.leaflet-control-zoom-in').click();
    await eventually(async () => {
      await drawn();
      expect(difference(before, await picture())).toBeGreaterThan(0.4);
    });
    await page.locator('.leaflet-control-zoom-out').click();
    await eventually(async () => {
      await drawn();
      expect(difference(before, await picture())).toBeLessThan(0.01);
    });
  });

  test('a wrong password is told, the right one shows services that are not public', async () => {
    const load = {
      process_id: 'load_collection',
      arguments: { id: 'TILEGRAPH_SAMPLE', spatial_extent: null, temporal_extent: null, bands: ['B11'] },
    };
    const reducer = {
      process_graph: {
        a: { process_id: 'max', arguments: { data: { from_parameter: 'data' } }, result: true },
      },
    };
    const reduce = {
      process_id: 'reduce_dimension',
      arguments: { data: { from_node: 'load' }, dimension: 't', reducer },
      result: true,
    };
    const made = await server.call('POST', '/services', {
      type: 'xyz',
      title: 'Only mine',
      process: { process_graph: { load, reduce } },
    });
    expect(made.status).toBe(201);
    expect(await page.getByText('Only mine').count()).toBe(0);
    await page.getByText('Log in to see your own services').click();
    await page.getByLabel('User').fill('admin');
    await page.getByLabel('Password').fill('wrong');
    complaints.length = 0;
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.locator('#notice', { hasText: /\S/ }).waitFor();
    // The refusal itself is an error in the browser's console.
    expect(complaints.splice(0).join()).toMatch(/40[13]/);

    const before = await picture();
    await page.getByLabel('Password').fill(adminPassword);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('Only mine').waitFor();
    const mine = await choose('Only mine');
    expect(mine.colours()).toBeGreaterThan(50);
    expect(difference(before, mine)).toBeGreaterThan(0.4);
  });

  test('fits a phone', async () => {
    const phone = await open({ width: 390, height: 844 });
    await drawn(phone);
    expect(await phone.evaluate(inPage.widths)).toEqual([390, 390]);
    expect((await picture(phone)).colours()).toBeGreaterThan(5000);
    await phone.close();
  });

  test('a page of another origin takes the tiles by TileJSON', async () => {
    const services = (await (await fetch(`${server.url}/api/services`)).json()) as {
      services: { tilejson: string }[];
    };
    const other = await otherOrigin(services.services[1].tilejson);
    try {
      const address = `http://localhost:${(other.address() as AddressInfo).port}/`;
      const foreign = await open({ width: 500, height: 500 }, address);
      await drawn(foreign);
      expect((await picture(foreign)).colours()).toBeGreaterThan(20);
      // Pixels may be read: the tiles allow it to every origin.
      expect(await foreign.evaluate(inPage.hasPixels)).toBe(true);
      await foreign.close();
    } finally {
      other.close();
    }
  });

  test('the browser had nothing to complain about', () => {
    expect(complaints).toEqual([]);
  });
});

/** A page as others would write it, on a server of its own. */
async function otherOrigin(tilejson: string): Promise<Server> {
  const leaflet = join(dirname(require.resolve('leaflet/package.json')), 'dist');
  const html = `<!doctype html><link rel="icon" href="data:,"><link rel="stylesheet" href="/leaflet.css">
    <div id="map" style="height:500px"></div><script src="/leaflet.js"></script><script>
    fetch(${JSON.stringify(tilejson)}).then((response) => response.json()).then((document) => {
      const [west, south, east, north] = document.bounds;
      const map = L.map('map').fitBounds([[south, west], [north, east]], { animate: false });
      L.tileLayer(document.tiles[0], { crossOrigin: 'anonymous', maxZoom: document.maxzoom }).addTo(map);
    });</script>`;
  const server = createServer((request, response) => {
    const [, file = ''] = /^\/(leaflet\.(?:css|js))$/.exec(request.url ?? '') ?? [];
    response.setHeader(
      'content-type',
      file.endsWith('.css') ? 'text/css' : file ? 'text/javascript' : 'text/html',
    );
    response.end(file ? readFileSync(join(leaflet, file)) : html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
