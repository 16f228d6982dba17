import { OpenEOError } from '../../base/errors';
import { pyramidFolder } from '../../pyramid/folder';
import { absoluteUrl } from '../address';
import { pageQuery, queryValue } from '../paging';
import { assetDocument, projectDocument, versionDocument, versionPath } from '../projects/documents';
import { optionsOf } from '../projects/options';
import { type ProjectParts, Projects } from '../projects/projects';
import { sendObject } from '../projects/send-object';
import { type ApiRequest, callerOf, type Route } from '../route';
import { receiveAsset } from '../uploads/receive-asset';

export interface ProjectRouteParts extends ProjectParts {
  /** Where uploads lie while they are looked at. */
  readonly uploadFolder: string;
  readonly assetBytes: number;
}

const root = '/api/projects';
const version = `${root}/{slug}/versions/{version}`;
const common = { base: 'root', isListed: false } as const;
/** What is published never changes. */
const published = 'public, max-age=31536000, immutable';

/** Map projects: drafts, their assets and tiles, and what is published of them; and the tiles of jobs. */
export function projectRoutes(parts: ProjectRouteParts): Route[] {
  const projects = new Projects(parts);
  const { records, objects } = parts;
  const place = (request: ApiRequest) =>
    projects.version(callerOf(request), request.params['slug'], request.params['version']);

  return [
    {
      ...{ method: 'POST', path: root, access: 'user', ...common, body: 'json' },
      async handle(request, response) {
        const project = await projects.create(callerOf(request), request.body as object);
        response
          .status(201)
          .set('Location', absoluteUrl(request, `${root}/${project.slug}`))
          .json(projectDocument(request, project, []));
      },
    },
    {
      ...{ method: 'GET', path: root, access: 'user', ...common },
      async handle(request, response) {
        const user = callerOf(request);
        const ownerId = user.roles.includes('admin') ? undefined : user.id;
        const page = pageQuery(request);
        const { items, next } = await records.projects.list({ ...page, ownerId });
        const documents = items.map(async (project) =>
          projectDocument(request, project, await records.projects.versions(project.id)),
        );
        const query = new URLSearchParams({ limit: String(page.limit), after: next ?? '' });
        response.json({
          projects: await Promise.all(documents),
          links: next === undefined ? [] : [{ rel: 'next', href: absoluteUrl(request, `${root}?${query}`) }],
        });
      },
    },
    {
      ...{ method: 'GET', path: `${root}/{slug}`, access: 'user', ...common },
      async handle(request, response) {
        const project = await projects.get(callerOf(request), request.params['slug']);
        response.json(projectDocument(request, project, await records.projects.versions(project.id)));
      },
    },
    {
      ...{ method: 'POST', path: `${root}/{slug}/versions`, access: 'user', ...common },
      async handle(request, response) {
        const draft = await projects.createDraft(callerOf(request), request.params['slug']);
        response
          .status(201)
          .set('Location', absoluteUrl(request, versionPath(draft.project, draft.version)))
          .json(versionDocument(request, draft.project, draft.version));
      },
    },
    {
      ...{ method: 'GET', path: version, access: 'user', ...common },
      async handle(request, response) {
        const found = await place(request);
        response.json(versionDocument(request, found.project, found.version));
      },
    },
    {
      ...{ method: 'POST', path: `${version}/assets`, access: 'user', ...common },
      async handle(request, response) {
        const found = await place(request);
        if (found.version.status !== 'draft')
          throw new OpenEOError('VersionNotDraft', {
            version: found.version.version,
            status: found.version.status,
          });
        const limits = { folder: parts.uploadFolder, maxBytes: parts.assetBytes };
        const { signal } = request.context;
        const asset = await receiveAsset(request, response, limits, (received) =>
          projects.addAsset(found, received, signal),
        );
        response.status(201).json(assetDocument(asset));
      },
    },
    {
      ...{ method: 'GET', path: `${version}/assets`, access: 'user', ...common },
      async handle(request, response) {
        const assets = await records.projects.assets((await place(request)).version.id);
        response.json({ assets: assets.map(assetDocument) });
      },
    },
    {
      ...{ method: 'POST', path: `${version}/generate-tiles`, access: 'user', ...common },
      async handle(request, response) {
        const found = await place(request);
        const { options, isDryRun } = optionsOf(request);
        const asset = await projects.baseMap(found, queryValue(request, 'asset_id'));
        if (isDryRun) {
          const open = async () => (await objects.get(asset.key))?.body;
          const link = (path: string) => objects.link(asset.key, path);
          const { signal } = request.context;
          response.json(await parts.pyramids.estimate({ kind: 'file', open, link }, options, { signal }));
          return;
        }
        const baseUrl = absoluteUrl(request, `${versionPath(found.project, found.version)}/tiles`);
        const job = await projects.generate(callerOf(request), found, asset, options, baseUrl);
        const message = 'Tile generation started';
        response.status(202).json({ job_id: job.id, status: 'queued', message });
      },
    },
    {
      ...{ method: 'POST', path: `${version}/publish`, access: 'user', ...common },
      async handle(request, response) {
        const job = await projects.publish(callerOf(request), await place(request));
        response.status(202).json({ job_id: job.id, status: 'queued', message: 'Publishing started' });
      },
    },
    {
      ...{ method: 'GET', path: `${version}/tiles/{path*}`, access: 'public', ...common },
      async handle(request, response) {
        const { slug, version: number, path } = request.params;
        const { published: set } = await projects.published(slug, number);
        await sendObject(request, response, objects, {
          ...{ folder: set?.path ?? '', path, cacheControl: published },
        });
      },
    },
    {
      ...{ method: 'GET', path: '/api/jobs/{job_id}/tiles/{path*}', access: 'user', ...common },
      async handle(request, response) {
        const job = await parts.jobs.manager.get(callerOf(request), request.params['job_id']);
        await sendObject(request, response, objects, {
          ...{ folder: pyramidFolder(job.id), path: request.params['path'] },
          cacheControl: 'private, max-age=60',
        });
      },
    },
    {
      ...{ method: 'GET', path: `${version}/staged/{path*}`, access: 'user', ...common },
      async handle(request, response) {
        const { staged, version: number } = (await place(request)).version;
        if (!staged) throw new OpenEOError('NothingStaged', { version: number });
        const { path } = request.params;
        await sendObject(request, response, objects, {
          ...{ folder: staged.path, path, cacheControl: 'private, no-cache' },
        });
      },
    },
  ];
}
