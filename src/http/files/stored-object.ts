import type { OpenEOError } from '../../base/errors';
import type { ObjectStore } from '../../store/objects/types';
import type { Stored } from './send';

/** An object of the store, to be sent. @param missing what is thrown where it is not there */
export function storedObject(
  objects: Pick<ObjectStore, 'head' | 'get'>,
  key: string,
  missing: () => OpenEOError,
): Stored {
  const present = <T>(found: T | undefined): T => {
    if (found === undefined) throw missing();
    return found;
  };
  return {
    head: async () => present(await objects.head(key)),
    open: async (range) => present(await objects.get(key, range)),
  };
}
