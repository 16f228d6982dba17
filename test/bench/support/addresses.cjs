/** Viewports of 5 × 4 tiles at zoom 14, 13 and 12 inside the bench's scene, as a map asks for them. */
exports.addresses = (mercator, viewports) => {
  let seed = 5;
  const random = () => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed / 0x7fffffff;
  };
  const tiles = [];
  for (const z of [14, 13, 12])
    for (let viewport = 0; viewport < viewports; viewport++) {
      const first = mercator.tileAt(15.2 + random() * 0.3, 47.45 + random() * 0.2, z);
      for (let dy = 0; dy < 4; dy++)
        for (let dx = 0; dx < 5; dx++) tiles.push({ z, x: first.x + dx, y: first.y + dy });
    }
  return tiles;
};
