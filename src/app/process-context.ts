import { OpenEOError } from '../base/errors';
import type { RunnerOptions } from '../graph/run';
import { UserFiles } from '../http/files/user-files';
import type { JobHandle, ProcessContext } from '../processes/context';
import { mayManage } from '../services/access';
import { findBaseMap, findVersion, openProject } from '../services/project-assets';
import { tileStoreHandle } from '../services/tile-store-access';
import { openStacUrl } from '../store/catalog/open';
import type { User } from '../store/records/types';
import type { ApplicationParts } from './parts';

type ContextParts = Pick<
  ApplicationParts,
  | 'config'
  | 'http'
  | 'records'
  | 'tileStore'
  | 'imagery'
  | 'objects'
  | 'catalog'
  | 'raster'
  | 'pyramids'
  | 'memory'
  | 'udf'
>;

/** Makes what the process functions of one run may touch. */
export function processContexts(parts: ContextParts): RunnerOptions<ProcessContext, User>['createContext'] {
  const { config, http, records, tileStore, imagery, objects, catalog, raster, pyramids, memory, udf } =
    parts;
  const userFiles = new UserFiles(objects, records.uploads, config.filesQuotaBytes);
  /** Whose files a graph reads: a service shows its owner's, whoever looks at it. */
  const ownerOf = async (user: User | undefined, service: { readonly id: string } | undefined) => {
    const owner = service ? (await records.services.get(service.id))?.ownerId : user?.id;
    if (owner === undefined) throw new OpenEOError('AuthenticationRequired');
    return owner;
  };
  return ({ user, service, job, signal, logger: runLogger, parameters, missing }) => ({
    signal,
    logger: runLogger,
    user,
    service,
    imagery,
    async openFile(path, range) {
      const owner = await ownerOf(user, service);
      const { file, body } = await userFiles.read(owner, path, range);
      return { owner, size: file.size, version: file.etag, body };
    },
    async findAsset({ project, version, asset }) {
      if (!user) throw new OpenEOError('AuthenticationRequired');
      const store = records.projects;
      const place = await findVersion(store, await openProject(store, user, project), String(version));
      const { key } = await findBaseMap(store, place, asset);
      return async () => (await objects.get(key))?.body;
    },
    pyramids,
    publicUrl: config.publicUrl,
    // Job types hand in more than the graph room knows of.
    job: job as JobHandle | undefined,
    catalog,
    raster,
    limits: { pixels: config.limits.pixels, seconds: config.limits.seconds },
    memory,
    http,
    udf: { ...udf, session: udf.openSession(user?.id ?? service?.id ?? '') },
    tileStore: parameters.has('_openeo_tile_store') && tileStore ? tileStoreHandle(tileStore) : undefined,
    tileStoreMissing: missing?.get('_openeo_tile_store'),
    openStac: (url, stacSignal) => openStacUrl(url, { http, logger: runLogger }, stacSignal),
    async mayAccessService(serviceId) {
      const other = await records.services.get(serviceId);
      return other !== undefined && mayManage(other, user);
    },
  });
}
