import type { Json } from '../../base/json';

/** One band of an asset: where its numbers are and what they mean. */
export interface AssetBand {
  readonly name: string;
  readonly commonName?: string;
  /** Zero-based sample of the file. */
  readonly sample: number;
  readonly nodata?: number;
  readonly scale?: number;
  readonly offset?: number;
  readonly statistics?: { readonly minimum: number; readonly maximum: number };
}

export interface RasterAsset {
  readonly key: string;
  /** An absolute path or an http(s) address. */
  readonly href: string;
  readonly bands: readonly AssetBand[];
  /** From `proj:*`, where the item has it: lets a plan be made without opening the file. */
  readonly projection?: {
    readonly epsg: number;
    readonly shape: readonly [height: number, width: number];
    readonly transform: readonly number[];
  };
}

export interface RasterItem {
  readonly id: string;
  /** RFC 3339, UTC. */
  readonly datetime: string;
  /** WGS 84: west, south, east, north; west > east crosses the antimeridian. */
  readonly bbox: readonly [number, number, number, number];
  readonly properties: Readonly<Record<string, unknown>>;
  readonly assets: readonly RasterAsset[];
  /** Changes with the item, where the version of its collection does not tell. */
  readonly version?: string;
}

/** An expression in CQL2-JSON (OGC 21-065r2). */
export interface Cql2 {
  readonly op: string;
  readonly args: readonly unknown[];
}

export interface ItemFilter {
  readonly bbox?: readonly [number, number, number, number];
  /** Left-closed interval; null is open. */
  readonly interval?: readonly [string | null, string | null];
  /**
   * What all wanted items fulfil. Servers that can read it send fewer items; what is found may still
   * hold items that do not fulfil it.
   */
  readonly cql2?: Cql2;
}

/** A STAC collection as `GET /collections/{id}` answers it, links made absolute by the route. */
export interface CollectionDocument {
  readonly id: string;
  readonly [key: string]: Json | undefined;
}

/** The collections of this server. */
export interface Catalog {
  /** In the order of the configuration. */
  list(): Promise<readonly CollectionDocument[]>;
  get(id: string): Promise<CollectionDocument | undefined>;
  /** Items in order of time. @throws OpenEOError `CollectionNotFound`, `SourceUnreadable` */
  items(id: string, filter: ItemFilter, signal: AbortSignal): Promise<readonly RasterItem[]>;
  queryables(id: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Changes whenever the collection's items may have changed. */
  version(id: string): Promise<string>;
}
