import { OpenEOError } from '../../base/errors';
import type { PendingDefaults } from '../../tiles/client/pending-folder';
import { parseInstant } from '../../tiles/instant';
import { asUuid } from '../../tiles/write-rules';
import { type CommandLine, UsageError } from '../arguments';

/** The flags `--flight` and `--captured-at`. @throws UsageError */
export function pendingDefaults({ flags }: CommandLine): PendingDefaults {
  const { flight, 'captured-at': captured } = flags;
  const flightId = flight === undefined ? undefined : asUuid(flight);
  if (flight !== undefined && flightId === undefined) throw new UsageError('--flight must be a UUID.');
  try {
    const capturedAt =
      captured === undefined || captured === 'mtime'
        ? (captured as 'mtime' | undefined)
        : parseInstant(captured);
    return { ...(flightId !== undefined && { flightId }), ...(capturedAt !== undefined && { capturedAt }) };
  } catch (error) {
    if (error instanceof OpenEOError)
      throw new UsageError(`--captured-at: ${String(error.details['reason'])}`);
    throw error;
  }
}
