import { fileURLToPath } from 'node:url';
import type { Logger } from '../../base/logger';
import { redactUrl } from '../sql/url';
import { openDisk } from './disk';
import type { ObjectStore } from './types';

/**
 * Opens the object store of a URL: `file:///absolute/path` keeps objects as files below that folder.
 * @throws Error for other URLs, and where the folder cannot be used
 */
export async function openObjectStore(
  url: string,
  options: { readonly logger: Logger },
): Promise<ObjectStore> {
  let folder: string;
  try {
    folder = fileURLToPath(url);
  } catch {
    throw new Error(
      `The object store address "${redactUrl(url)}" cannot be used. Accepted are:\n- file:///absolute/path`,
    );
  }
  const store = await openDisk(folder);
  options.logger.debug('Objects are kept on disk', { folder });
  return store;
}
