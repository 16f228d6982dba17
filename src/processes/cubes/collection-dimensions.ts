import type { BandInfo } from '../../raster/cube';
import type { AssetBand, CollectionDocument, RasterItem } from '../../store/catalog/types';

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names of a collection's dimensions and their order. */
export interface CollectionDimensions {
  readonly names: { readonly x: string; readonly y: string; readonly t: string; readonly bands: string };
  readonly order: readonly string[];
  /** Labels of the bands dimension, where the metadata list them. */
  readonly bands?: readonly string[];
}

/** From `cube:dimensions`; what it does not say gets the names that the standard recommends. */
export function readDimensions(document: Json): CollectionDimensions {
  const described = isObject(document['cube:dimensions']) ? Object.entries(document['cube:dimensions']) : [];
  const find = (test: (dimension: Json) => boolean) =>
    described.find(([, dimension]) => isObject(dimension) && test(dimension));
  const bands = find(({ type }) => type === 'bands');
  const names = {
    t: find(({ type }) => type === 'temporal')?.[0] ?? 't',
    bands: bands?.[0] ?? 'bands',
    y: find(({ type, axis }) => type === 'spatial' && axis === 'y')?.[0] ?? 'y',
    x: find(({ type, axis }) => type === 'spatial' && axis === 'x')?.[0] ?? 'x',
  };
  const known = Object.values(names);
  const listed = described.map(([name]) => name).filter((name) => known.includes(name));
  const values = bands && (bands[1] as Json)['values'];
  return {
    names,
    order: [...known.filter((name) => !listed.includes(name)), ...listed],
    bands: Array.isArray(values) ? values.map(String) : undefined,
  };
}

/** Descriptions of bands: STAC 1.0 `eo:bands` and STAC 1.1 `bands`, at the collection or in its summaries. */
function describedBands(document: Json): Json[] {
  const summaries = isObject(document['summaries']) ? document['summaries'] : {};
  return [summaries['eo:bands'], summaries['bands'], document['bands']].flatMap((list) =>
    Array.isArray(list) ? list.filter(isObject) : [],
  );
}

function first<T>(...values: readonly unknown[]): T | undefined {
  return values.find((value) => value !== undefined && value !== null) as T | undefined;
}

/** The bands of a collection in the order of its metadata, or else of its items. */
export function readBands(
  document: CollectionDocument,
  items: readonly RasterItem[],
  listed: readonly string[] | undefined,
): BandInfo[] {
  const described = new Map(describedBands(document).map((band) => [String(band['name']), band]));
  const found = new Map<string, AssetBand>();
  for (const item of items)
    for (const asset of item.assets)
      for (const band of asset.bands) if (!found.has(band.name)) found.set(band.name, band);
  const names = listed ?? (found.size > 0 ? [...found.keys()] : [...described.keys()]);
  return names.map((name) => {
    const description = described.get(name) ?? {};
    const asset = found.get(name);
    return {
      name,
      commonName: first<string>(description['common_name'], description['eo:common_name'], asset?.commonName),
      centerWavelength: first<number>(description['center_wavelength'], description['eo:center_wavelength']),
      statistics: asset?.statistics,
    };
  });
}
