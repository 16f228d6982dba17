import { OpenEOError } from '../../base/errors';
import { sendStored } from '../files/send';
import type { UserFile, UserFiles } from '../files/user-files';
import { pageLinks, pageQuery } from '../paging';
import { type ApiRequest, callerOf, type Route } from '../route';

export function fileRoutes(files: UserFiles): Route[] {
  return [
    {
      method: 'GET',
      path: '/files',
      access: 'user',
      async handle(request, response) {
        const page = pageQuery(request);
        const { items, next } = await files.list(callerOf(request).id, page);
        response.json({ files: items.map(describe), links: pageLinks(request, '/files', page, next) });
      },
    },
    {
      method: 'GET',
      path: '/files/{path*}',
      access: 'user',
      async handle(request, response) {
        const { id } = callerOf(request);
        const { path } = request.params;
        response.setHeader('Content-Type', 'application/octet-stream');
        response.setHeader('Content-Disposition', 'attachment');
        response.setHeader('Cache-Control', 'private, no-cache');
        await sendStored(request, response, {
          head: () => files.head(id, path),
          async open(range) {
            const { file: info, body } = await files.read(id, path, range);
            return { info, body };
          },
        });
      },
    },
    {
      method: 'PUT',
      path: '/files/{path*}',
      access: 'user',
      async handle(request, response) {
        refuseCoded(request);
        const length = request.headers['content-length'];
        const file = await files.write(callerOf(request).id, request.params['path'], {
          body: request,
          ...(length !== undefined && { length: Number(length) }),
          signal: request.context.signal,
        });
        response.json(describe(file));
      },
    },
    {
      method: 'DELETE',
      path: '/files/{path*}',
      access: 'user',
      async handle(request, response) {
        await files.remove(callerOf(request).id, request.params['path']);
        response.status(204).end();
      },
    },
  ];
}

function describe({ path, size, modified }: UserFile) {
  return { path, size, modified: modified.toISOString() };
}

/** The body is stored as it comes, so it must be the file itself. */
function refuseCoded({ headers }: ApiRequest): void {
  const type = headers['content-type'] ?? '';
  const coding = headers['content-encoding'] ?? 'identity';
  if (/^multipart\//i.test(type))
    throw new OpenEOError('ContentTypeInvalid', { type, types: 'the bytes of the file' });
  if (coding !== 'identity')
    throw new OpenEOError('ContentTypeInvalid', { type: coding, types: 'the file without content coding' });
}
