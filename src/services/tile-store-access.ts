import { OpenEOError } from '../base/errors';
import { OpaqueHandle } from '../graph/types';
import type { User } from '../store/records/types';
import type { TileStore } from '../tiles/types';
import type { XyzSettings } from './configuration';
import { suppliedParameterNames } from './tile-parameters';

/** Why a graph gets no tile store; undefined when it gets one. `settings` is absent outside of services. */
function reason(
  settings: Pick<XyzSettings, 'tileStore'> | undefined,
  store: TileStore | undefined,
): string | undefined {
  if (!store) return 'this server has none; an operator sets TILEGRAPH_TILE_STORE_URL';
  if (!settings) return 'it exists only in services that have "tile_store": true in their configuration';
  if (!settings.tileStore) return 'the service has not opted in; set "tile_store": true in its configuration';
  return undefined;
}

/** The explanation for a graph that refers to the tile store or the user where there is none, by parameter name. */
export function missingParameters(
  settings: Pick<XyzSettings, 'tileStore'> | undefined,
  store: TileStore | undefined,
  user: User | undefined,
): ReadonlyMap<string, OpenEOError> {
  const missing = new Map<string, OpenEOError>();
  const why = reason(settings, store);
  if (why !== undefined)
    missing.set('_openeo_tile_store', new OpenEOError('TileStoreUnavailable', { reason: why }));
  if (!user) missing.set('_openeo_user', new OpenEOError('AuthenticationRequired'));
  return missing;
}

/** What a service supplies to its graph, and why the rest is missing: for planning and running. */
export function suppliedTo(settings: XyzSettings, store: TileStore | undefined, owner: User | undefined) {
  const missing = missingParameters(settings, store, owner);
  const supplied = new Set([...suppliedParameterNames].filter((name) => !missing.has(name)));
  return { supplied, missing };
}

/** The handle that graphs pass on to processes. */
export function tileStoreHandle(store: TileStore): OpaqueHandle<TileStore> {
  return new OpaqueHandle('tile-store', store);
}
