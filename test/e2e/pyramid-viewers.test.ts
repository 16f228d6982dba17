import { createReadStream, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { packagePath } from '../../src/base/paths';
import { drawing, encode } from '../pyramid/support/pictures';
import { openWorkshop, type Workshop } from '../pyramid/support/workshop';
import { decodePicture } from '../support/picture';
import { eventually } from '../support/process';
import { describeWith } from '../support/tools';
import { chromiumPath, launchChromium } from './support/chromium';

jest.setTimeout(180_000);

const inPage = require('./in-page.cjs') as Record<'isLoaded', () => unknown>;

/** An odd picture, shown so small that a level of the middle is drawn, and so large that the largest is. */
const size = { width: 1301, height: 777 };
const views = [
  { width: 651, height: 389 },
  { width: 1301, height: 777 },
];

/** For people who want to look. */
function keep(name: string, picture: Buffer): void {
  const folder = process.env['KEEP_PICTURES'];
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), picture);
}

const html = (script: string) => `<!doctype html><meta charset="utf-8">
<style>html,body,#view{margin:0;width:100%;height:100%;background:#fff}</style>
<link rel="stylesheet" href="/modules/leaflet/dist/leaflet.css"><div id="view"></div>
<script src="/modules/openseadragon/build/openseadragon/openseadragon.js"></script>
<script src="/modules/leaflet/dist/leaflet.js"></script><script>${script}</script>`;

const deepZoom = (source: string) =>
  html(`
  const viewer = OpenSeadragon({ element: document.getElementById('view'), tileSources: ${source}, drawer: 'canvas',
    showNavigationControl: false, animationTime: 0, blendTime: 0, immediateRender: false, homeFillsViewer: false });
  let isOpen = false;
  viewer.addHandler('open', () => { isOpen = true; });
  window.isLoaded = () => isOpen && viewer.world.getItemAt(0).getFullyLoaded();`);

const pages: Readonly<Record<string, string>> = {
  dzi: deepZoom(`'/out/image.dzi'`),
  iiif3: deepZoom(`'/out/info.json'`),
  zoomify: deepZoom(
    `{ type: 'zoomifytileservice', width: ${size.width}, height: ${size.height}, tilesUrl: '/out/', fileFormat: 'png' }`,
  ),
  xyz: html(`
  // The largest level has a pixel for each of the picture's; the smaller view shows the level above it.
  const full = 3;
  const zoom = innerWidth > 1000 ? full : full - 1;
  const map = L.map('view', { crs: L.CRS.Simple, zoomControl: false, attributionControl: false, zoomAnimation: false, fadeAnimation: false });
  let isDone = false;
  const layer = L.tileLayer('/out/{z}/{x}/{y}.png', { noWrap: true, maxNativeZoom: full, errorTileUrl: '' });
  layer.on('load', () => { isDone = true; });
  map.setView(map.unproject([innerWidth / 2, innerHeight / 2], zoom), zoom);
  layer.addTo(map);
  window.isLoaded = () => isDone;`),
};

describeWith(chromiumPath, 'Chromium', 'tiles of a plain image in viewers', () => {
  let shop: Workshop;
  let browser: Browser;
  let server: Server;
  let url: string;
  let folder = '';
  let page = '';
  const source = drawing(size.width, size.height);

  beforeAll(async () => {
    [shop, browser] = await Promise.all([openWorkshop(), launchChromium()]);
    server = createServer((request, response) => {
      const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname);
      if (path === '/') {
        response.setHeader('content-type', 'text/html');
        return void response.end(page);
      }
      const file = path.startsWith('/modules/')
        ? packagePath('node_modules', path.slice('/modules/'.length))
        : join(folder, path.slice('/out/'.length));
      const types = [
        ['.css', 'text/css'],
        ['.js', 'text/javascript'],
        ['.json', 'application/json'],
        ['.dzi', 'application/xml'],
      ];
      const type = types.find(([ending]) => path.endsWith(ending));
      if (type) response.setHeader('content-type', type[1]);
      if (path.includes('..') || !existsSync(file)) return void response.writeHead(404).end();
      createReadStream(file).pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await shop?.close();
  });

  test.each(['dzi', 'iiif3', 'zoomify', 'xyz'] as const)('%s shows the picture', async (layout) => {
    const bytes = await encode(source, size.width, size.height, 'png');
    const baseUrl = `${url}/out`;
    const { result } = await shop.generate(await shop.store(bytes), { layout }, { baseUrl });
    folder = join(shop.folder, 'objects', result.tiles_path);
    page = pages[layout];
    for (const view of views) {
      const opened = await browser.newPage({ viewport: view });
      const missing: string[] = [];
      opened.on('response', (response) => {
        if (response.status() >= 400 && !response.url().endsWith('favicon.ico')) missing.push(response.url());
      });
      await opened.goto(url);
      await opened.waitForFunction(inPage.isLoaded);
      const raw = { raw: { ...size, channels: 3 as const } };
      const scaled = sharp(source, raw).resize(view.width, view.height, { fit: 'fill', kernel: 'linear' });
      const wanted = await decodePicture(await scaled.png().toBuffer());
      // The last tiles are drawn with the next picture of the screen. Misplaced ones would differ by dozens.
      await eventually(async () => {
        const shot = await opened.screenshot();
        keep(`${layout}-${view.width}.png`, shot);
        const seen = await decodePicture(shot);
        let sum = 0;
        for (let at = 0; at < wanted.data.length; at++) sum += Math.abs(seen.data[at] - wanted.data[at]);
        expect(sum / wanted.data.length).toBeLessThan(8);
      });
      await opened.close();
      // Tiles beyond the image are asked for by maps alone.
      if (layout !== 'xyz') expect(missing).toEqual([]);
    }
  });
});
