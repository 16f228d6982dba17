import type { Request } from 'express';
import { apiUrl } from './address';

/** The absolute addresses of a service. */
export interface ServiceUrls {
  /** With `{z}`, `{x}` and `{y}`. */
  readonly tiles: string;
  readonly tileJson: string;
  /** For key-value requests; ends with `?` or `&`. */
  readonly wmts: string;
  readonly wmtsCapabilities: string;
  /** With `{TileMatrix}`, `{TileCol}` and `{TileRow}`. */
  readonly wmtsTile: string;
}

/** @param query what every address carries: a signature, values for the graph's parameters */
export function serviceUrls(
  request: Request,
  service: { readonly id: string; readonly type: string },
  query: ReadonlyMap<string, string> = new Map(),
): ServiceUrls {
  const base = `/services/${service.type}/${encodeURIComponent(service.id)}`;
  const search = new URLSearchParams([...query]).toString();
  const url = (path: string) => apiUrl(request, `${base}${path}${search && `?${search}`}`);
  return {
    tiles: url('/tiles/{z}/{x}/{y}'),
    tileJson: url('/tilejson.json'),
    wmts: `${url('/wmts')}${search ? '&' : '?'}`,
    wmtsCapabilities: url('/WMTSCapabilities.xml'),
    wmtsTile: url('/tiles/{TileMatrix}/{TileCol}/{TileRow}'),
  };
}
