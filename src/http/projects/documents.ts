import type { AssetRecord, ProjectRecord, VersionRecord } from '../../store/records/projects/types';
import { absoluteUrl } from '../address';
import type { ApiRequest } from '../route';

/** The path of a version's resources below the server's root. */
export function versionPath({ slug }: ProjectRecord, { version }: VersionRecord): string {
  return `/api/projects/${slug}/versions/${version}`;
}

export function versionDocument(
  request: ApiRequest,
  project: ProjectRecord,
  version: VersionRecord,
): Record<string, unknown> {
  const { published, staged } = version;
  const tiles = absoluteUrl(request, `${versionPath(project, version)}/tiles`);
  return {
    id: version.id,
    version: version.version,
    status: version.status,
    created_at: version.createdAt.toISOString(),
    published_at: version.publishedAt?.toISOString() ?? null,
    staged: staged ? { tiles_path: staged.path, job_id: staged.jobId } : null,
    tiles_url: published ? `${tiles}/` : null,
    tiles: published?.result ?? null,
  };
}

export function projectDocument(
  request: ApiRequest,
  project: ProjectRecord,
  versions: readonly VersionRecord[],
): Record<string, unknown> {
  return {
    id: project.id,
    slug: project.slug,
    title: project.title ?? null,
    owner: project.ownerId,
    created_at: project.createdAt.toISOString(),
    updated_at: project.updatedAt.toISOString(),
    versions: versions.map((version) => versionDocument(request, project, version)),
  };
}

export function assetDocument(asset: AssetRecord): Record<string, unknown> {
  return {
    id: asset.id,
    asset_type: asset.assetType,
    name: asset.name,
    media_type: asset.mediaType ?? null,
    size: asset.size,
    created_at: asset.createdAt.toISOString(),
  };
}
