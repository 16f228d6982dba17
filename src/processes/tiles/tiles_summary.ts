import type { Arguments } from '../../graph/types';
import type { Assignment } from '../../tiles/types';
import { assignmentsOf, serviceOf, type TileContext } from './tile-store-argument';

/**
 * It writes nothing, but what it answers changes with every claim: only declared as a write it is neither
 * cached nor shared, and no signed address shows who works where.
 */
export const effects = 'write';

function entry({ tile, userId, claimedAt, data }: Assignment) {
  return {
    x: tile.x,
    y: tile.y,
    z: tile.z,
    user_id: userId,
    claimed_at: claimedAt.toISOString(),
    data: data ?? null,
  };
}

/**
 * All tiles of a service that somebody holds.
 * @throws OpenEOError `TileStoreUnavailable`, `PermissionsInsufficient`
 */
export async function run(args: Arguments, context: TileContext) {
  const assignments = assignmentsOf(args, context, 'tiles_summary');
  const held = await assignments.list(await serviceOf(args, context, 'tiles_summary'));
  const claimed = held.filter(({ stage }) => stage === 'claimed').map(entry);
  const submitted = held.filter(({ stage }) => stage === 'submitted').map(entry);
  return { claimed, submitted, counts: { claimed: claimed.length, submitted: submitted.length } };
}
