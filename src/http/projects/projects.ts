import { createReadStream } from 'node:fs';
import { v7 as uuid } from 'uuid';
import { OpenEOError } from '../../base/errors';
import type { Jobs } from '../../jobs/jobs';
import { refuseRunning } from '../../jobs/running-generation';
import type { GenerationPayload } from '../../jobs/types/generate_tiles';
import type { PyramidOptions } from '../../pyramid/options';
import type { Pyramids } from '../../pyramid/pyramids';
import {
  baseMapType,
  findBaseMap,
  findProject,
  findVersion,
  openProject,
  type ProjectPlace,
  slugPattern,
} from '../../services/project-assets';
import type { ObjectStore } from '../../store/objects/types';
import type { JobRecord } from '../../store/records/jobs/types';
import type { AssetRecord, ProjectRecord, VersionRecord } from '../../store/records/projects/types';
import type { RecordStore, User } from '../../store/records/types';
import type { ReceivedAsset } from '../uploads/receive-asset';

export interface ProjectParts {
  readonly records: Pick<RecordStore, 'projects' | 'jobs' | 'users'>;
  readonly objects: ObjectStore;
  readonly jobs: Jobs;
  readonly pyramids: Pyramids;
}

const typePattern = /^[a-z][a-z0-9_-]{0,62}$/;
/** A file name that any storage takes, as close to the given one as that allows. */
function plainName(name: string): string {
  const plain = name
    .toWellFormed()
    .replace(/[\p{Cc}/\\]/gu, '_')
    .replace(/^\.+/, '');
  return [...plain].slice(0, 60).join('') || 'file';
}

/** Map projects: who may do what with them, and the order of their lives. */
export class Projects {
  constructor(private readonly parts: ProjectParts) {}

  /** @throws OpenEOError `RequestInvalid` for what is no slug, `ProjectExists` */
  async create(
    user: User,
    body: { readonly slug?: unknown; readonly title?: unknown },
  ): Promise<ProjectRecord> {
    const { slug, title = undefined } = body;
    if (typeof slug !== 'string' || !slugPattern.test(slug))
      throw new OpenEOError('RequestInvalid', {
        reason: 'slug must have 1 to 63 small letters, digits and hyphens, and not begin with a hyphen.',
      });
    if (title !== undefined && title !== null && (typeof title !== 'string' || title.length > 1000))
      throw new OpenEOError('RequestInvalid', { reason: 'title must be text of at most 1000 characters.' });
    const now = new Date();
    const project = {
      ...{ id: uuid(), slug, ownerId: user.id, createdAt: now, updatedAt: now },
      ...(typeof title === 'string' && { title }),
    };
    if (!(await this.#store.create(project))) throw new OpenEOError('ProjectExists', { slug });
    return project;
  }

  /** @throws OpenEOError `ProjectNotFound`, `PermissionsInsufficient` */
  get(user: User, slug: string): Promise<ProjectRecord> {
    return openProject(this.#store, user, slug);
  }

  /** @throws OpenEOError as `get`, `VersionNotFound` */
  async version(user: User, slug: string, version: string): Promise<ProjectPlace> {
    return findVersion(this.#store, await this.get(user, slug), version);
  }

  /** A published version, for everybody. @throws OpenEOError `ProjectNotFound`, `VersionNotFound` */
  async published(slug: string, version: string): Promise<VersionRecord> {
    const place = await findVersion(this.#store, await findProject(this.#store, slug), version);
    if (!place.version.published) throw new OpenEOError('VersionNotFound', { slug, version });
    return place.version;
  }

  async createDraft(user: User, slug: string): Promise<ProjectPlace> {
    const project = await this.get(user, slug);
    const draft = { id: uuid(), projectId: project.id, createdAt: new Date() };
    return { project, version: await this.#store.createDraft(draft) };
  }

  /**
   * Stores a file of a draft. A base map must be a picture or a raster.
   * @throws OpenEOError `VersionNotDraft`, `AssetInvalid`
   */
  async addAsset(
    { project, version }: ProjectPlace,
    asset: ReceivedAsset,
    signal: AbortSignal,
  ): Promise<AssetRecord> {
    requireDraft(version);
    const assetType = asset.assetType ?? '';
    if (!typePattern.test(assetType))
      throw new OpenEOError('AssetInvalid', {
        reason: 'the field asset_type must say what it is: base_map, or another.',
      });
    if (assetType === baseMapType) await this.parts.pyramids.inspect(asset.path, signal);
    const id = uuid();
    const name = plainName(asset.name);
    const key = `mp/${project.slug}/uploads/assets/${version.version}/${id}/${name}`;
    await this.parts.objects.put(key, createReadStream(asset.path), {
      ...{ contentType: asset.mediaType, expectedBytes: asset.size, signal },
    });
    const record: AssetRecord = {
      ...{ id, projectId: project.id, versionId: version.id, assetType, name, key },
      ...{ mediaType: asset.mediaType, size: asset.size, createdAt: new Date() },
    };
    if (await this.#store.createAsset(record)) return record;
    await this.parts.objects.remove(key);
    requireDraft((await this.#store.version(version.id)) ?? version);
    throw new OpenEOError('VersionNotFound', { slug: project.slug, version: version.version });
  }

  /** The base map of a version. @throws OpenEOError `AssetInvalid` */
  baseMap(place: ProjectPlace, id: string | undefined): Promise<AssetRecord> {
    return findBaseMap(this.#store, place, id);
  }

  /**
   * Starts the generation of a draft's tiles.
   * @throws OpenEOError `VersionNotDraft`, `AssetInvalid`, `GenerationRunning`
   */
  async generate(
    user: User,
    place: ProjectPlace,
    asset: AssetRecord,
    options: Partial<PyramidOptions>,
    baseUrl: string,
  ): Promise<JobRecord> {
    const { project, version } = place;
    requireDraft(version);
    await refuseRunning(this.parts.records, project);
    const id = uuid();
    const payload: GenerationPayload = {
      ...{ key: asset.key, name: project.title ?? project.slug, base_url: baseUrl, options },
      prefix: `mp/${project.slug}/uploads/tiles/${version.version}/${id}/`,
    };
    const job = await this.#createJob(user, place, {
      ...{
        id,
        type: 'generate_tiles',
        payload,
        title: `Tiles of ${project.slug}, version ${version.version}`,
      },
      arguments: { data: { project: project.slug, version: version.version, asset: asset.id }, ...options },
    });
    return this.#start(user, place, job);
  }

  /** Starts the publication of what is staged. @throws OpenEOError `VersionNotDraft`, `NothingStaged`, `GenerationRunning` */
  async publish(user: User, place: ProjectPlace): Promise<JobRecord> {
    const { project, version } = place;
    requireDraft(version);
    await refuseRunning(this.parts.records, project);
    if (!version.staged) throw new OpenEOError('NothingStaged', { version: version.version });
    const job = await this.#createJob(user, place, {
      ...{ id: uuid(), type: 'publish', payload: { path: version.staged.path } },
      ...{ title: `Publish ${project.slug}, version ${version.version}`, arguments: undefined },
    });
    return this.#start(user, place, job);
  }

  get #store() {
    return this.parts.records.projects;
  }

  /** Jobs of a project are its owner's, whoever of the administrators starts them. */
  async #owner({ ownerId }: ProjectRecord, user: User): Promise<User> {
    if (user.id === ownerId) return user;
    return (await this.parts.records.users.get(ownerId)) ?? user;
  }

  /** What may not be started after all was never made. */
  async #start(user: User, { project }: ProjectPlace, { id }: JobRecord): Promise<JobRecord> {
    const { manager } = this.parts.jobs;
    const owner = await this.#owner(project, user);
    try {
      return await manager.start(owner, id);
    } catch (error) {
      await manager.remove(owner, id);
      throw error;
    }
  }

  async #createJob(
    user: User,
    { project, version }: ProjectPlace,
    job: {
      readonly id: string;
      readonly type: string;
      readonly title: string;
      readonly payload: object;
      readonly arguments: object | undefined;
    },
  ): Promise<JobRecord> {
    const owner = await this.#owner(project, user);
    const node = { process_id: 'tile_generation', arguments: job.arguments, result: true };
    return this.parts.jobs.manager.create(owner, {
      ...{ id: job.id, type: job.type, title: job.title },
      payload: job.payload as Readonly<Record<string, unknown>>,
      process: { process_graph: job.arguments ? { tiles: node } : {} },
      ...{ projectId: project.id, versionId: version.id },
    });
  }
}

function requireDraft({ version, status }: VersionRecord): void {
  if (status !== 'draft') throw new OpenEOError('VersionNotDraft', { version, status });
}
