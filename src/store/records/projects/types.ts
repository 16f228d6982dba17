import type { Page, PageRequest } from '../types';

export interface ProjectRecord {
  readonly id: string;
  readonly slug: string;
  readonly title?: string;
  readonly ownerId: string;
  /** The generation that was started last; it may have ended. */
  readonly activeJobId?: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A complete set of tiles below a prefix of the object store, which never changes again. */
export interface TileSet {
  /** With a slash at the end. */
  readonly path: string;
  readonly jobId: string;
  /** What the generation told: `tile_count`, `bounds`, … */
  readonly result: Readonly<Record<string, unknown>>;
}

export interface VersionRecord {
  readonly id: string;
  readonly projectId: string;
  /** Counts from 1 within the project. */
  readonly version: number;
  readonly status: 'draft' | 'published';
  readonly staged?: TileSet;
  readonly published?: TileSet;
  readonly createdAt: Date;
  readonly publishedAt?: Date;
}

export interface AssetRecord {
  readonly id: string;
  readonly projectId: string;
  readonly versionId: string;
  /** `base_map`, or another. */
  readonly assetType: string;
  /** As it was called where it came from. */
  readonly name: string;
  readonly mediaType?: string;
  /** In the object store. */
  readonly key: string;
  readonly size: number;
  readonly createdAt: Date;
}

export interface ProjectStore {
  get(slug: string): Promise<ProjectRecord | undefined>;
  find(id: string): Promise<ProjectRecord | undefined>;
  /** A user's projects, or all of them, in the order of slugs. */
  list(filter: { readonly ownerId?: string } & PageRequest): Promise<Page<ProjectRecord>>;
  /** False where the slug is taken. */
  create(project: Omit<ProjectRecord, 'activeJobId'>): Promise<boolean>;
  /** Makes a job the project's generation unless another one has become it since. False: another one has. */
  activate(id: string, jobId: string, before: string | undefined): Promise<boolean>;
  /** Of a project, in their order. */
  versions(projectId: string): Promise<readonly VersionRecord[]>;
  version(id: string): Promise<VersionRecord | undefined>;
  /** Makes the next draft; numbers follow one another also where several are made at once. */
  createDraft(version: Pick<VersionRecord, 'id' | 'projectId' | 'createdAt'>): Promise<VersionRecord>;
  /** Makes a set the one that can be published; false where the version is no draft. */
  stage(versionId: string, set: TileSet): Promise<boolean>;
  /** Points readers to a set, in one step; false where the version is no draft, or has another set staged. */
  publish(versionId: string, staged: TileSet, publishedAt: Date): Promise<boolean>;
  asset(id: string): Promise<AssetRecord | undefined>;
  /** Oldest first. */
  assets(versionId: string): Promise<readonly AssetRecord[]>;
  /** False where the version is no draft. */
  createAsset(asset: AssetRecord): Promise<boolean>;
}
