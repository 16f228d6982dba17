/* global L */
// The start page.
import { api, isLoggedIn, loadImage, onLogin, request } from './session.js';

const list = document.getElementById('services');
const notice = document.getElementById('notice');
const opacity = document.getElementById('opacity');
const map = L.map('map', { zoomControl: true, attributionControl: false }).setView([0, 0], 2);
L.control.scale({ imperial: false }).addTo(map);

let shown;
let layer;

const server = new URL('.', document.baseURI).href.replace(/\/$/, '');
document.getElementById('connect').textContent =
  `# Python\nimport openeo\nopeneo.connect("${server}")\n\n` +
  `// JavaScript\nimport { OpenEO } from "@openeo/js-client"\nawait OpenEO.connect("${server}")`;

const TokenLayer = L.TileLayer.extend({
  createTile(coords, done) {
    const image = document.createElement('img');
    image.alt = '';
    loadImage(image, this.getTileUrl(coords)).then(() => done(null, image), done);
    return image;
  },
});

/** Whole zoom levels keep pixels sharp: rather a little over the edge than half of the map empty. */
function fitClosely(corners) {
  const bounds = L.latLngBounds(corners);
  map.setView(bounds.getCenter(), map.getBoundsZoom(bounds.pad(-0.1)), { animate: false });
}

let wanted;

async function show(service, fit) {
  wanted = service.id;
  try {
    const document_ = await request(service.tilejson);
    // Another service was chosen in the meantime.
    if (wanted !== service.id) return;
    const [west, south, right, north] = document_.bounds;
    // West of the antimeridian, Leaflet counts on.
    const east = right < west ? right + 360 : right;
    const options = {
      minZoom: document_.minzoom,
      maxZoom: Math.max(document_.maxzoom, 18),
      maxNativeZoom: document_.maxzoom,
      opacity: opacity.value / 100,
      // Leaflet places tiles by 256 pixels; larger ones are drawn sharper on the same grid.
      bounds: [
        [south, west],
        [north, east],
      ],
      className: 'tiles',
    };
    const made = service.isPublic
      ? L.tileLayer(document_.tiles[0], options)
      : new TokenLayer(document_.tiles[0], options);
    // Before the layer comes, whose zoom limits would start an animation from the old view.
    if (fit) fitClosely(options.bounds);
    layer?.remove();
    layer = made.addTo(map);
    shown = service.id;
    for (const button of list.querySelectorAll('button'))
      button.setAttribute('aria-pressed', String(button.dataset.id === shown));
    notice.textContent = '';
  } catch (error) {
    notice.textContent = error.message;
  }
}

function fill(services) {
  list.replaceChildren(
    ...services.map((service) => {
      const button = document.createElement('button');
      button.dataset.id = service.id;
      button.setAttribute('aria-pressed', 'false');
      const title = document.createElement('strong');
      title.textContent = service.title ?? service.id;
      if (!service.isPublic) {
        const badge = document.createElement('em');
        badge.textContent = 'not public';
        title.append(' ', badge);
      }
      const text = document.createElement('small');
      text.textContent = service.description ?? '';
      button.append(title, text);
      button.addEventListener('click', () => show(service, shown === undefined));
      const item = document.createElement('li');
      item.append(button);
      return item;
    }),
  );
  notice.textContent =
    services.length === 0 ? 'There are no services yet. Create one with POST /services.' : '';
}

async function load() {
  try {
    const publicOnes = (await request(new URL('api/services', document.baseURI))).services.map((service) => ({
      ...service,
      isPublic: true,
    }));
    const own = isLoggedIn() ? (await request(`${api}/services`)).services : [];
    const known = new Set(publicOnes.map((service) => service.id));
    const services = [
      ...publicOnes,
      ...own
        .filter((service) => !known.has(service.id))
        .map((service) => ({ ...service, tilejson: service.url.replace(/\/tiles\/.*/, '/tilejson.json') })),
    ];
    fill(services);
    if (shown === undefined && services.length > 0) await show(services[0], true);
  } catch (error) {
    notice.textContent = error.message;
  }
}

opacity.addEventListener('input', () => layer?.setOpacity(opacity.value / 100));

onLogin(document.getElementById('login'), load, (message) => {
  notice.textContent = message;
});

await load();
