import { OpenEOError } from '../../base/errors';
import { issuesToError } from '../../graph/issue';
import { parseProcess } from '../../graph/parse';
import type { Backend } from '../backend';
import { pageLinks, pageQuery } from '../paging';
import { callerOf, type Route } from '../route';
import { checkTexts } from '../texts';

/** Left out of the list, as the standard asks. */
const large = new Set(['process_graph', 'exceptions', 'examples', 'links']);

const idPattern = /^[\w-]{1,200}$/;

export function processGraphRoutes({ records, registry, settings }: Backend): Route[] {
  const { storedProcesses } = records;
  const path = '/process_graphs/{process_graph_id}';
  return [
    {
      method: 'GET',
      path: '/process_graphs',
      access: 'user',
      async handle(request, response) {
        const page = pageQuery(request);
        const { items, next } = await storedProcesses.list(callerOf(request).id, page);
        response.json({
          processes: items.map(({ id, process }) => ({ ...summary(process), id })),
          links: pageLinks(request, '/process_graphs', page, next),
        });
      },
    },
    {
      method: 'GET',
      path,
      access: 'user',
      async handle(request, response) {
        const { process_graph_id: identifier } = request.params;
        const { id: owner } = callerOf(request);
        const record = idPattern.test(identifier) && (await storedProcesses.get(owner, identifier));
        if (!record) throw new OpenEOError('ProcessGraphNotFound', { identifier });
        response.json({ ...record.process, id: record.id });
      },
    },
    {
      method: 'PUT',
      path,
      access: 'user',
      body: 'openeo',
      async handle(request, response) {
        const { process_graph_id: id } = request.params;
        if (!idPattern.test(id))
          throw new OpenEOError('ProcessInvalid', {
            reason: `its id "${id}" may only have letters, digits, "_" and "-"`,
          });
        if (registry.has(id)) throw new OpenEOError('PredefinedProcessExists', { identifier: id });
        checkTexts(request.body, settings.texts);
        const { issues } = parseProcess(request.body);
        if (issues.length > 0) throw issuesToError(issues);
        await storedProcesses.put({
          ownerId: callerOf(request).id,
          id,
          process: { ...request.body, id },
          updatedAt: new Date(),
        });
        response.status(200).end();
      },
    },
    {
      method: 'DELETE',
      path,
      access: 'user',
      async handle(request, response) {
        const { process_graph_id: identifier } = request.params;
        const { id: owner } = callerOf(request);
        const isRemoved = idPattern.test(identifier) && (await storedProcesses.remove(owner, identifier));
        if (!isRemoved) throw new OpenEOError('ProcessGraphNotFound', { identifier });
        response.status(204).end();
      },
    },
  ];
}

function summary(process: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(process).filter(([name]) => !large.has(name)));
}
