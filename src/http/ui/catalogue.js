/* global L */
// The tile catalogue on a map. One inventory tells which cells of a view have a tile, and only these are fetched.
import { api, loadImage, onLogin, request } from './session.js';

const notice = document.getElementById('notice');
const map = L.map('map', { attributionControl: false }).setView([0, 0], 2);
L.control.scale({ imperial: false }).addTo(map);

/** Cells that one inventory may name. */
const mostEntries = 5000;
/** Leaflet asks for the cells of a view one by one: so long the first of them waits for the others, milliseconds. */
const gatherMs = 20;

let waiting = [];
let layer;

async function ask(entries) {
  try {
    const { tiles } = await request(new URL('api/satellite/tiles/inventory', document.baseURI), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ tiles: entries.map(({ cell }) => cell) }),
    });
    for (const [index, { resolve }] of entries.entries()) resolve(tiles[index].tile);
    notice.textContent = '';
  } catch (error) {
    notice.textContent = error.status === 401 ? 'Log in to see the tiles.' : error.message;
    document.getElementById('account').open = error.status === 401;
    for (const { resolve } of entries) resolve(null);
  }
}

/** What is known of the tile of a cell; null where it has none. */
function lookUp(cell) {
  return new Promise((resolve) => {
    waiting.push({ cell, resolve });
    if (waiting.length > 1) return;
    setTimeout(() => {
      const entries = waiting;
      waiting = [];
      for (let from = 0; from < entries.length; from += mostEntries)
        void ask(entries.slice(from, from + mostEntries));
    }, gatherMs);
  });
}

/** Columns go on beyond the antimeridian on the map. */
function cellOf({ z, x, y }) {
  const count = 2 ** z;
  return { z, x: ((x % count) + count) % count, y };
}

const CatalogueLayer = L.GridLayer.extend({
  createTile(coords, done) {
    const image = document.createElement('img');
    image.alt = '';
    image.hidden = true;
    const cell = cellOf(coords);
    lookUp(cell)
      .then(async (tile) => {
        if (!tile) return;
        await loadImage(image, new URL(`tiles/${cell.z}/${cell.x}/${cell.y}`, document.baseURI));
        image.hidden = false;
      })
      .then(() => done(null, image), done);
    return image;
  },
});

function describe(tile) {
  const lines = [
    `Source: ${tile.source}`,
    `Captured: ${tile.captured_at.slice(0, 19).replace('T', ' ')} UTC`,
    `${tile.resolution_m_per_px.toPrecision(3)} m per pixel`,
    ...(tile.estimated_bytes ? [`${(tile.estimated_bytes / 1024).toFixed(1)} KiB`] : []),
  ];
  const element = document.createElement('div');
  element.append(...lines.flatMap((line) => [line, document.createElement('br')]));
  return element;
}

async function load() {
  try {
    const { extent, summaries } = await request(`${api}/collections/tiles`);
    const zooms = summaries.tile_zoom;
    if (zooms.length === 0) {
      notice.textContent = 'There are no tiles yet. Upload some with POST /api/satellite/upload.';
      return;
    }
    const [west, south, east, north] = extent.spatial.bbox[0];
    const [from, to] = extent.temporal.interval[0].map((time) => time.slice(0, 10));
    document.getElementById('about').textContent =
      `Zoom level${zooms.length > 1 ? 's' : ''} ${zooms.join(', ')}, captured ${from === to ? `on ${from}` : `from ${from} to ${to}`}.`;
    const [minNativeZoom, maxNativeZoom] = [zooms[0], zooms[zooms.length - 1]];
    map.setMaxZoom(Math.min(30, maxNativeZoom + 4));
    const bounds = L.latLngBounds([south, west], [north, east]);
    map.setView(bounds.getCenter(), Math.min(map.getBoundsZoom(bounds), maxNativeZoom), { animate: false });
    layer = new CatalogueLayer({ minNativeZoom, maxNativeZoom, className: 'tiles', bounds }).addTo(map);
    map.on('click', async ({ latlng }) => {
      const z = Math.max(minNativeZoom, Math.min(maxNativeZoom, map.getZoom()));
      const { x, y } = map.project(latlng, z).divideBy(256).floor();
      if (y < 0 || y >= 2 ** z) return;
      const tile = await lookUp(cellOf({ z, x, y }));
      L.popup()
        .setLatLng(latlng)
        .setContent(tile ? describe(tile) : 'There is no tile here.')
        .openOn(map);
    });
    document.getElementById('hint').hidden = false;
  } catch (error) {
    notice.textContent = error.status === 404 ? 'This server has no tile catalogue.' : error.message;
  }
}

onLogin(
  document.getElementById('login'),
  () => (layer ? layer.redraw() : load()),
  (message) => {
    notice.textContent = message;
  },
);

await load();
