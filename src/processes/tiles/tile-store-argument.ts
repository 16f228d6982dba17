import { OpenEOError } from '../../base/errors';
import { type Arguments, OpaqueHandle } from '../../graph/types';
import type { AssignmentStore, TileStore } from '../../tiles/types';
import type { ProcessContext } from '../context';

export type TileContext = Pick<
  ProcessContext,
  'user' | 'service' | 'tileStore' | 'tileStoreMissing' | 'mayAccessService'
>;

function isTileStore(value: unknown): value is OpaqueHandle<TileStore> {
  return value instanceof OpaqueHandle && value.subtype === 'tile-store';
}

/**
 * The assignments of the given store, or of the injected one.
 * @throws OpenEOError `TileStoreUnavailable`, `ProcessParameterInvalid` for anything but a tile store
 */
export function assignmentsOf(args: Arguments, context: TileContext, process: string): AssignmentStore {
  const store = args['store'] ?? context.tileStore;
  if (store === undefined)
    throw (
      context.tileStoreMissing ??
      new OpenEOError('TileStoreUnavailable', {
        reason: 'it exists only in services that have "tile_store": true in their configuration',
      })
    );
  if (!isTileStore(store))
    throw new OpenEOError('ProcessParameterInvalid', {
      process,
      parameter: 'store',
      reason: 'only the store that the server injects as _openeo_tile_store can be used.',
    });
  return store.open().assignments;
}

/**
 * The given service, or the one that runs.
 * @throws OpenEOError `ProcessParameterRequired` outside of services, `PermissionsInsufficient` for another
 *   service that the caller has no access to
 */
export async function serviceOf(args: Arguments, context: TileContext, process: string): Promise<string> {
  const serviceId = args['service_id'] ?? context.service?.id;
  if (typeof serviceId !== 'string')
    throw new OpenEOError('ProcessParameterRequired', { process, parameter: 'service_id' });
  if (serviceId !== context.service?.id && !(await context.mayAccessService(serviceId)))
    throw new OpenEOError('PermissionsInsufficient', {
      reason: `the tiles of the service ${serviceId} belong to those who have access to it.`,
    });
  return serviceId;
}
