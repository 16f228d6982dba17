import { OpenEOError } from '../base/errors';
import type { TileAddress } from '../geo/types';
import type { CellWindow } from './window';

/** Seconds after which a campaign's client may ask again whether somebody has released a tile. */
const retryAfterSeconds = 30;

function name({ z, x, y }: TileAddress): string {
  return `${z}/${x}/${y}`;
}

/** Nothing is free in the requested ranges. */
export class NoTileAvailableError extends OpenEOError {
  override readonly name = 'NoTileAvailableError';

  constructor(serviceId: string, { zoom, xRange, yRange }: CellWindow) {
    super(
      'NoTileAvailable',
      {
        reason: `all tiles of zoom ${zoom}, x ${xRange.join('–')}, y ${yRange.join('–')} of the service ${serviceId} are taken. Try again when somebody has released one, or ask for other ranges.`,
      },
      { retryAfter: retryAfterSeconds },
    );
  }
}

/** The user holds no tile of the service. */
export class TileNotAssignedError extends OpenEOError {
  override readonly name = 'TileNotAssignedError';

  constructor(serviceId: string, userId: string) {
    super('TileNotAssigned', {
      reason: `${userId} holds no tile of the service ${serviceId}. Claim one first.`,
    });
  }
}

/** The tile was submitted, so it can be neither released nor submitted. */
export class TileAlreadyLockedError extends OpenEOError {
  override readonly name = 'TileAlreadyLockedError';

  constructor(serviceId: string, tile: TileAddress) {
    super('TileAlreadyLocked', {
      reason: `the tile ${name(tile)} of the service ${serviceId} was submitted. The stage force-release gives it back.`,
    });
  }
}
