import { maxZoom, tileMatrixSetIds } from '../../geo/tile-matrix-set';
import type { ServiceType } from './service-type';

const number = { type: 'number' } as const;
const integer = { type: 'integer', minimum: 0 } as const;

/** Map tiles by `{z}/{x}/{y}`, each computed by evaluating the service's process graph for that tile. */
export const xyz: ServiceType = {
  id: 'xyz',
  title: 'XYZ map tiles',
  description:
    'Map tiles computed on request from the process graph. The same service is also described by TileJSON and served as OGC WMTS; the addresses are in its attributes.',
  configuration: {
    tile_size: {
      description: 'Width and height of a tile in pixels.',
      type: 'integer',
      enum: [256, 512],
      default: 256,
    },
    minzoom: {
      description: 'Smallest zoom level that is served.',
      type: 'integer',
      minimum: 0,
      maximum: maxZoom,
      default: 0,
    },
    maxzoom: {
      description: 'Largest zoom level that is served.',
      type: 'integer',
      minimum: 0,
      maximum: maxZoom,
      default: 22,
    },
    extent: {
      description:
        'West, south, east and north in WGS 84 degrees; tiles outside of it are empty. Default: the whole matrix set.',
      type: ['array', 'null'],
      items: { type: 'number' },
      minItems: 4,
      maxItems: 4,
      default: null,
    },
    tilematrixset: {
      description: 'The tiling scheme.',
      type: 'string',
      enum: [...tileMatrixSetIds],
      default: 'WebMercatorQuad',
    },
    scope: {
      description: 'Who may see the tiles: the owner alone, the owner and authorized_users, or everybody.',
      type: 'string',
      enum: ['private', 'restricted', 'public'],
      default: 'private',
    },
    authorized_users: {
      description: 'User ids that may see the tiles of a restricted service.',
      type: 'array',
      items: { type: 'string', minLength: 1 },
      uniqueItems: true,
      default: [],
    },
    tile_store: {
      description: 'Gives the graph the parameter _openeo_tile_store, which tile assignment needs.',
      type: 'boolean',
      default: false,
    },
    buffer: {
      description:
        'Pixels that are computed around each tile and cut off, for processes whose results depend on the surroundings.',
      type: 'integer',
      minimum: 0,
      maximum: 256,
      default: 0,
    },
    format: {
      description: 'Image format of a graph that does not end in save_result.',
      type: 'string',
      enum: ['PNG', 'WEBP', 'JPEG'],
      default: 'PNG',
    },
    empty_tile: {
      description: 'How a tile without data is answered: as an empty image, or with status 204 and no body.',
      type: 'string',
      enum: ['transparent', 'no_content'],
      default: 'transparent',
    },
    parameters: {
      description: "Values for the graph's own parameters, used where a request does not give them.",
      type: 'object',
      default: {},
    },
  },
  processParameters: [
    { name: 'tile_x', description: 'Column of the requested tile.', schema: integer },
    { name: 'tile_y', description: 'Row of the requested tile, counted from the top.', schema: integer },
    { name: 'tile_z', description: 'Zoom level of the requested tile.', schema: integer },
    {
      name: 'bounding_box',
      description: "The tile's area in the reference system of the tiling scheme.",
      schema: {
        type: 'object',
        subtype: 'bounding-box',
        required: ['west', 'south', 'east', 'north', 'crs'],
      },
    },
    { name: 'spatial_extent_west', description: 'Western edge of the tile.', schema: number },
    { name: 'spatial_extent_south', description: 'Southern edge of the tile.', schema: number },
    { name: 'spatial_extent_east', description: 'Eastern edge of the tile.', schema: number },
    { name: 'spatial_extent_north', description: 'Northern edge of the tile.', schema: number },
    {
      name: 'spatial_extent_crs',
      description: 'EPSG code of the reference system of the four edges.',
      schema: { type: 'integer', subtype: 'epsg-code' },
    },
    {
      name: '_openeo_user',
      description:
        'The authenticated user; a process parameter of type string receives the user id. The tile is then kept per user.',
      schema: { type: 'object', required: ['user_id'] },
    },
    { name: '_openeo_service_id', description: 'Id of this service.', schema: { type: 'string' } },
    {
      name: '_openeo_tile_store',
      description: 'The tile store; only with "tile_store": true.',
      schema: { type: 'object', subtype: 'tile-store' },
    },
  ],
  links: [
    { rel: 'about', href: 'https://en.wikipedia.org/wiki/Tiled_web_map', title: 'About tiled web maps' },
  ],
};
