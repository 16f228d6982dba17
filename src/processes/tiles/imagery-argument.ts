import { OpenEOError } from '../../base/errors';
import { type Arguments, OpaqueHandle } from '../../graph/types';
import type { Imagery } from '../../tiles/imagery';
import type { ProcessContext } from '../context';

/**
 * The server's catalogue of imagery tiles. A `store` may be passed as well; there is but one.
 * @throws OpenEOError `TileStoreUnavailable`, `ProcessParameterInvalid` for anything but a tile store
 */
export function imageryOf(
  args: Arguments,
  { imagery }: Pick<ProcessContext, 'imagery'>,
  process: string,
): Imagery {
  const store = args['store'] ?? undefined;
  if (store !== undefined && !(store instanceof OpaqueHandle && store.subtype === 'tile-store'))
    throw new OpenEOError('ProcessParameterInvalid', {
      process,
      parameter: 'store',
      reason: 'only the store that the server injects as _openeo_tile_store can be used.',
    });
  if (!imagery)
    throw new OpenEOError('TileStoreUnavailable', {
      reason: 'this server has none; an operator sets TILEGRAPH_TILE_STORE_URL',
    });
  return imagery;
}
