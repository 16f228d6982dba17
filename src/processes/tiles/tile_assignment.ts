import { OpenEOError } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { Assignment, AssignmentStore, CellRange } from '../../tiles/types';
import { assignmentsOf, serviceOf, type TileContext } from './tile-store-argument';

const process = 'tile_assignment';

/** Services with this process in their graph are never cached, shared or run by HEAD. */
export const effects = 'write';

function cellRange(args: Arguments, parameter: 'x_range' | 'y_range', zoom: number): CellRange {
  const [minimum, maximum] = args[parameter] as [number, number];
  const last = 2 ** zoom - 1;
  const refuse = (reason: string): never => {
    throw new OpenEOError('ProcessParameterInvalid', { process, parameter, reason });
  };
  if (minimum > maximum) refuse(`the minimum ${minimum} is larger than the maximum ${maximum}.`);
  if (maximum > last) refuse(`at zoom ${zoom} it must lie within 0 and ${last}.`);
  return [minimum, maximum];
}

/** Whom the caller may act for: themselves, or as an administrator anybody. */
function actors(args: Arguments, context: TileContext): { userId: string; actorId: string } {
  if (!context.user) throw new OpenEOError('AuthenticationRequired');
  const userId = args['user_id'] as string;
  const { id: actorId, roles } = context.user;
  if (userId !== actorId && !roles.includes('admin'))
    throw new OpenEOError('PermissionsInsufficient', {
      reason:
        'tiles are claimed, released and submitted on your own behalf; only administrators act for others.',
    });
  return { userId, actorId };
}

async function act(args: Arguments, context: TileContext): Promise<Assignment> {
  const { userId, actorId } = actors(args, context);
  const zoom = args['zoom'] as number;
  const xRange = cellRange(args, 'x_range', zoom);
  const yRange = cellRange(args, 'y_range', zoom);
  const assignments: AssignmentStore = assignmentsOf(args, context, process);
  const serviceId = await serviceOf(args, context, process);
  switch (args['stage']) {
    case 'claim':
      return assignments.claim({ serviceId, userId, actorId, zoom, xRange, yRange });
    case 'release':
      return assignments.release(serviceId, userId, actorId);
    case 'submit':
      return assignments.submit(serviceId, userId, actorId);
    case 'force-release':
      return assignments.forceRelease(serviceId, userId, actorId);
    case 'update':
      return assignments.update(serviceId, userId, actorId, args['data']);
    default:
      throw new OpenEOError('ProcessParameterInvalid', {
        process,
        parameter: 'stage',
        reason: 'it is one of claim, release, submit, force-release and update.',
      });
  }
}

/**
 * Claims, updates, releases, submits or force-releases the user's tile (../../../docs/tile-assignment.md).
 * @throws OpenEOError `AuthenticationRequired`, `PermissionsInsufficient`, `ProcessParameterInvalid`,
 *   `TileStoreUnavailable`, `NoTileAvailable`, `TileNotAssigned`, `TileAlreadyLocked`
 */
export async function run(args: Arguments, context: TileContext) {
  const { serviceId, tile, stage, userId, data, claimedAt, updatedAt } = await act(args, context);
  return {
    service_id: serviceId,
    x: tile.x,
    y: tile.y,
    z: tile.z,
    stage,
    user_id: userId,
    ...(data === undefined ? {} : { data }),
    claimed_at: claimedAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}
