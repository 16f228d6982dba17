import { type SQL, sql } from 'drizzle-orm';
import { assign, bind, columnList, insertInto, rowReader } from '../../sql/statements';
import type { RecordDatabase } from '../database';
import { fetchCount, startOf, toPage } from '../paging';
import type { AssetRecord, ProjectRecord, ProjectStore, VersionRecord } from './types';

export function createProjects({ tables, statements, clock }: RecordDatabase): ProjectStore {
  const { projects, projectVersions: versions, projectAssets: assets } = tables;
  const readProject = rowReader<ProjectRecord>(projects);
  const readVersion = rowReader<VersionRecord>(versions);
  const readAsset = rowReader<AssetRecord>(assets);
  const name = (column: { readonly name: string }) => sql.identifier(column.name);
  const prepare = (text: SQL, label: string) => statements.prepare(text, `projects.${label}`);

  const get = prepare(
    sql`select ${columnList(projects)} from ${projects} where ${projects.slug} = ${bind(projects.slug, 'slug')}`,
    'get',
  );
  const find = prepare(
    sql`select ${columnList(projects)} from ${projects} where ${projects.id} = ${bind(projects.id, 'id')}`,
    'find',
  );
  const listOf = (condition: SQL, label: string) =>
    prepare(
      sql`select ${columnList(projects)} from ${projects} where ${condition} and ${projects.slug} > ${bind(projects.slug, 'after')} order by ${projects.slug} limit ${sql.placeholder('count')}`,
      label,
    );
  const listAll = listOf(sql`true`, 'list');
  const listOwned = listOf(sql`${projects.ownerId} = ${bind(projects.ownerId, 'ownerId')}`, 'listOwned');
  const create = prepare(
    sql`${insertInto(projects)} on conflict (${name(projects.slug)}) do nothing`,
    'create',
  );
  const activate = prepare(
    sql`update ${projects} set ${assign(projects.activeJobId, 'jobId')}, ${name(projects.updatedAt)} = ${clock.now} where ${projects.id} = ${bind(projects.id, 'id')} and coalesce(${projects.activeJobId}, '') = ${bind(projects.activeJobId, 'before')}`,
    'activate',
  );
  const listVersions = prepare(
    sql`select ${columnList(versions)} from ${versions} where ${versions.projectId} = ${bind(versions.projectId, 'projectId')} order by ${versions.version}`,
    'versions',
  );
  const versionIs = sql`${versions.id} = ${bind(versions.id, 'id')}`;
  const getVersion = prepare(
    sql`select ${columnList(versions)} from ${versions} where ${versionIs}`,
    'version',
  );
  // Two that are made at once take the same number; the later one tries again.
  const createDraft = prepare(
    sql`insert into ${versions} (${name(versions.id)}, ${name(versions.projectId)}, ${name(versions.version)}, ${name(versions.status)}, ${name(versions.createdAt)})
        select ${bind(versions.id, 'id')}, ${bind(versions.projectId, 'projectId')}, coalesce(max(${versions.version}), 0) + 1, 'draft', ${bind(versions.createdAt, 'createdAt')}
        from ${versions} where ${versions.projectId} = ${bind(versions.projectId, 'projectId')}
        on conflict (${name(versions.projectId)}, ${name(versions.version)}) do nothing
        returning ${columnList(versions)}`,
    'createDraft',
  );
  const isDraft = sql`${versions.status} = 'draft'`;
  const stage = prepare(
    sql`update ${versions} set ${assign(versions.staged, 'set')} where ${versionIs} and ${isDraft}`,
    'stage',
  );
  const publish = prepare(
    sql`update ${versions} set ${name(versions.published)} = ${versions.staged}, ${name(versions.status)} = 'published', ${assign(versions.publishedAt, 'publishedAt')} where ${versionIs} and ${isDraft} and ${versions.staged} = ${bind(versions.staged, 'staged')}`,
    'publish',
  );
  const getAsset = prepare(
    sql`select ${columnList(assets)} from ${assets} where ${assets.id} = ${bind(assets.id, 'id')}`,
    'asset',
  );
  const listAssets = prepare(
    sql`select ${columnList(assets)} from ${assets} where ${assets.versionId} = ${bind(assets.versionId, 'versionId')} order by ${assets.createdAt}, ${assets.id}`,
    'assets',
  );
  const createAsset = prepare(insertInto(assets), 'createAsset');

  return {
    async get(slug) {
      return (await statements.run(get, { slug })).rows.map(readProject)[0];
    },
    async find(id) {
      return (await statements.run(find, { id })).rows.map(readProject)[0];
    },
    async list(filter) {
      const [after] = startOf(filter, ['']);
      const values = { ownerId: filter.ownerId, after, count: fetchCount(filter) };
      const { rows } = await statements.run(filter.ownerId === undefined ? listAll : listOwned, values);
      return toPage(rows.map(readProject), filter, (project) => [project.slug]);
    },
    async create(project) {
      return (await statements.run(create, project)).changes > 0;
    },
    async activate(id, jobId, before = '') {
      return (await statements.run(activate, { id, jobId, before })).changes > 0;
    },
    async versions(projectId) {
      return (await statements.run(listVersions, { projectId })).rows.map(readVersion);
    },
    async version(id) {
      return (await statements.run(getVersion, { id })).rows.map(readVersion)[0];
    },
    async createDraft(version) {
      for (;;) {
        const { rows } = await statements.run(createDraft, version);
        if (rows.length > 0) return readVersion(rows[0]);
      }
    },
    async stage(id, set) {
      return (await statements.run(stage, { id, set })).changes > 0;
    },
    async publish(id, staged, publishedAt) {
      return (await statements.run(publish, { id, staged, publishedAt })).changes > 0;
    },
    async asset(id) {
      return (await statements.run(getAsset, { id })).rows.map(readAsset)[0];
    },
    async assets(versionId) {
      return (await statements.run(listAssets, { versionId })).rows.map(readAsset);
    },
    async createAsset(asset) {
      const version = await this.version(asset.versionId);
      if (version?.status !== 'draft') return false;
      await statements.run(createAsset, asset);
      return true;
    },
  };
}
