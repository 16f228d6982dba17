import { OpenEOError } from '../base/errors';
import type {
  AssetRecord,
  ProjectRecord,
  ProjectStore,
  VersionRecord,
} from '../store/records/projects/types';
import type { User } from '../store/records/types';

/** A version and the project that it is of. */
export interface ProjectPlace {
  readonly project: ProjectRecord;
  readonly version: VersionRecord;
}

export const slugPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** The assets that tiles are made of. */
export const baseMapType = 'base_map';

/** @throws OpenEOError `ProjectNotFound` */
export async function findProject(store: ProjectStore, slug: string): Promise<ProjectRecord> {
  const project = slugPattern.test(slug) ? await store.get(slug) : undefined;
  if (!project) throw new OpenEOError('ProjectNotFound', { slug });
  return project;
}

/** A project for its owner or an administrator. @throws OpenEOError `ProjectNotFound`, `PermissionsInsufficient` */
export async function openProject(store: ProjectStore, user: User, slug: string): Promise<ProjectRecord> {
  const project = await findProject(store, slug);
  if (project.ownerId !== user.id && !user.roles.includes('admin'))
    throw new OpenEOError('PermissionsInsufficient', { reason: 'the project is another user’s.' });
  return project;
}

/** @param version as it stands in an address @throws OpenEOError `VersionNotFound` */
export async function findVersion(
  store: ProjectStore,
  project: ProjectRecord,
  version: string,
): Promise<ProjectPlace> {
  const number = /^[1-9]\d{0,8}$/.test(version) ? Number(version) : 0;
  const found = (await store.versions(project.id)).find((each) => each.version === number);
  if (!found) throw new OpenEOError('VersionNotFound', { slug: project.slug, version });
  return { project, version: found };
}

/** The base map of a version. @throws OpenEOError `AssetInvalid` */
export async function findBaseMap(
  store: ProjectStore,
  { project, version }: ProjectPlace,
  id: string | undefined,
): Promise<AssetRecord> {
  const invalid = (reason: string) => new OpenEOError('AssetInvalid', { reason });
  if (!id) throw invalid('asset_id is missing.');
  const asset = await store.asset(id);
  if (!asset) throw invalid('there is no such asset.');
  if (asset.projectId !== project.id) throw invalid('it is of another project.');
  if (asset.versionId !== version.id) throw invalid('it is of another version.');
  if (asset.assetType !== baseMapType) throw invalid(`it is no base_map but ${asset.assetType}.`);
  return asset;
}
