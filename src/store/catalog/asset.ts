import { type Address, resolveHref } from './address';
import { type Fields, fieldsOf, listOf, numberOf, numbersOf, textOf } from './fields';
import type { AssetBand, RasterAsset } from './types';

const ignoredRoles = new Set(['thumbnail', 'overview', 'metadata', 'visual', 'tilejson']);

function rolesOf(asset: Fields): readonly string[] {
  const roles = asset['roles'];
  return Array.isArray(roles) ? roles.map(String) : [];
}

/** Whether an asset is data in a TIFF file, by its type, or by its name where it states none. */
function isRasterAsset(asset: Fields): boolean {
  const href = textOf(asset, 'href');
  if (!href) return false;
  const type = textOf(asset, 'type');
  const isTiff = type ? /\btiff?\b/i.test(type) : /\.tiff?$/i.test(href.replace(/[?#].*$/, ''));
  const roles = rolesOf(asset);
  return isTiff && (roles.includes('data') || !roles.some((role) => ignoredRoles.has(role)));
}

function statisticsOf(...sources: readonly Fields[]): AssetBand['statistics'] {
  for (const source of sources) {
    const statistics = fieldsOf(source, 'statistics');
    const minimum = numberOf(statistics, 'minimum');
    const maximum = numberOf(statistics, 'maximum');
    if (Number.isFinite(minimum) && Number.isFinite(maximum) && minimum! < maximum!)
      return { minimum: minimum!, maximum: maximum! };
  }
  return undefined;
}

/**
 * The bands of an asset: `bands` of STAC 1.1, or `eo:bands` and `raster:bands` of 1.0 side by side.
 * Values that a band does not have are the asset's. A single band without a name has the asset's key.
 */
function assetBands(key: string, asset: Fields): AssetBand[] {
  const common = listOf(asset, 'bands');
  const eo = listOf(asset, 'eo:bands');
  const raster = listOf(asset, 'raster:bands');
  const count = Math.max(common.length, eo.length, raster.length, 1);
  return Array.from({ length: count }, (_, sample) => {
    const sources = [common[sample] ?? {}, eo[sample] ?? {}, raster[sample] ?? {}, asset];
    const [own, eoBand] = sources;
    const number = (...names: string[]) => {
      for (const source of sources) {
        const value = numberOf(source, ...names);
        if (value !== undefined) return value;
      }
      return undefined;
    };
    return {
      name: textOf(own, 'name') ?? textOf(eoBand, 'name') ?? (count === 1 ? key : `${key}_${sample + 1}`),
      commonName:
        textOf(own, 'eo:common_name', 'common_name') ??
        textOf(eoBand, 'common_name') ??
        (count === 1 ? textOf(asset, 'eo:common_name') : undefined),
      sample,
      nodata: number('nodata', 'raster:nodata'),
      scale: number('raster:scale', 'scale'),
      offset: number('raster:offset', 'offset'),
      statistics: statisticsOf(...sources),
    };
  });
}

function epsgOf(source: Fields): number | undefined {
  const code = /^EPSG:(\d+)$/i.exec(textOf(source, 'proj:code') ?? '');
  return code ? Number(code[1]) : numberOf(source, 'proj:epsg');
}

function projectionOf(asset: Fields, properties: Fields): RasterAsset['projection'] {
  const epsg = epsgOf(asset) ?? epsgOf(properties);
  const shape = numbersOf(asset, 'proj:shape') ?? numbersOf(properties, 'proj:shape');
  const transform = numbersOf(asset, 'proj:transform') ?? numbersOf(properties, 'proj:transform');
  if (epsg === undefined || shape?.length !== 2 || !transform || transform.length < 6) return undefined;
  return { epsg, shape: [shape[0], shape[1]], transform };
}

/**
 * The raster assets of an item, those with the role "data" first.
 * @param templates `item_assets` of its collection: what assets of a key have in common
 * @throws OpenEOError `SourceUnreadable` when a reference can't be followed
 */
export function rasterAssets(
  assets: Fields,
  properties: Fields,
  templates: Fields,
  document: Address,
): RasterAsset[] {
  const found = Object.entries(assets).flatMap(([key, value]) => {
    const asset: Fields = { ...fieldsOf(templates, key), ...(value as Fields) };
    if (!isRasterAsset(asset)) return [];
    return [
      {
        isData: rolesOf(asset).includes('data'),
        asset: {
          key,
          href: resolveHref(textOf(asset, 'href')!, document),
          bands: assetBands(key, asset),
          projection: projectionOf(asset, properties),
        },
      },
    ];
  });
  return [...found.filter(({ isData }) => isData), ...found.filter(({ isData }) => !isData)].map(
    ({ asset }) => asset,
  );
}
