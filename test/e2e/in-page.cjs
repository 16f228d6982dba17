'use strict';
// Functions that the browser runs inside of a page.

/** All tiles of the one layer are there, and nothing is moving. */
exports.isDrawn = () => {
  const tiles = [...document.querySelectorAll('.leaflet-tile-pane img')];
  return (
    tiles.length > 0 &&
    tiles.every((tile) => tile.complete && getComputedStyle(tile).opacity === '1') &&
    document.querySelectorAll('.leaflet-tile-pane .leaflet-layer').length === 1 &&
    document.querySelectorAll('.leaflet-zoom-anim').length === 0
  );
};

exports.widths = () => [document.documentElement.scrollWidth, document.getElementById('map').clientWidth];

/** Throws where the tile's origin does not allow its pixels to be read. */
exports.hasPixels = () => {
  const context = document.createElement('canvas').getContext('2d');
  context.drawImage(document.querySelector('.leaflet-tile-pane img'), 0, 0);
  return context.getImageData(0, 0, 256, 256).data.some((value) => value > 0);
};

/** Whether the viewer of tests has drawn all that it shows; the page tells. */
exports.isLoaded = () => window.isLoaded?.();
