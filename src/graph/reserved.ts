/** The parameters that say which tile is asked for; a graph that refers to one is evaluated anew for each tile. */
export const tileParameterNames: ReadonlySet<string> = new Set([
  'tile_x',
  'tile_y',
  'tile_z',
  'bounding_box',
  'spatial_extent_west',
  'spatial_extent_south',
  'spatial_extent_east',
  'spatial_extent_north',
  'spatial_extent_crs',
]);

/** Names that only the server gives a value: the tile's address and all that begin with `_openeo_`. */
export function isReservedName(name: string): boolean {
  return name.startsWith('_openeo_') || tileParameterNames.has(name);
}
