import { OpenEOError } from '../../../base/errors';
import type { Imagery } from '../../../tiles/imagery';
import type { ApiRequest, Route } from '../../route';
import { type ReceivedFile, receiveForm } from '../../uploads/receive-form';

/** One file's outcome, in the spelling of the wire. */
interface Outcome {
  readonly status: number;
  readonly id?: string;
  readonly location_hash?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

function readMetadata(text: string, fileCount: number): readonly unknown[] {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    throw new OpenEOError('TileInvalid', { reason: 'the field metadata is not JSON.' });
  }
  if (!Array.isArray(entries))
    throw new OpenEOError('TileInvalid', { reason: 'the field metadata must be an array.' });
  if (entries.length !== fileCount || fileCount === 0)
    throw new OpenEOError('TileInvalid', {
      reason: `there are ${fileCount} files and ${entries.length} entries of metadata; each file needs one.`,
    });
  return entries;
}

/**
 * `POST /api/satellite/upload`
 * @param folder where files lie until they are checked
 */
export function uploadRoute(imagery: Imagery, folder: string): Route {
  const limits = { folder, maxBytes: imagery.limits.uploadBytes };

  async function store(request: ApiRequest, entry: unknown, file: ReceivedFile): Promise<Outcome> {
    const { tile, isNew } = await imagery.upload(entry, file, request.context);
    return { status: isNew ? 201 : 200, id: tile.id, location_hash: tile.locationHash };
  }

  return {
    method: 'POST',
    path: '/api/satellite/upload',
    base: 'root',
    access: 'user',
    isListed: false,
    async handle(request, response) {
      imagery.requireWriter(request.context.user);
      // Answered when nothing of the form is left on the disk.
      const answer = await receiveForm(request, response, limits, async ({ metadata, files }) => {
        const entries = readMetadata(metadata, files.length);
        if (files.length === 1) {
          const outcome = await store(request, entries[0], files[0]);
          return { status: outcome.status, body: { index: 0, ...outcome } };
        }
        const outcomes: (Outcome & { readonly index: number })[] = [];
        for (const [index, file] of files.entries())
          outcomes.push({ index, ...(await store(request, entries[index], file).catch(failed(request))) });
        return { status: 207, body: outcomes };
      });
      response.status(answer.status).json(answer.body);
    },
  };
}

/** What one file of several answers; a fault of ours goes to the log in full. */
function failed(request: ApiRequest): (thrown: unknown) => Outcome {
  return (thrown) => {
    // Nobody is left to be told.
    if (request.context.signal.aborted) throw thrown;
    const error = thrown instanceof OpenEOError ? thrown : new OpenEOError('Internal', {}, { cause: thrown });
    if (error.status >= 500)
      request.context.logger.error(error.message, { code: error.code, error: error.cause ?? error });
    return { status: error.status, error: { code: error.code, message: error.message } };
  };
}
