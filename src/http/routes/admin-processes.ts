import { OpenEOError } from '../../base/errors';
import type { Backend } from '../backend';
import { callerOf, type Route } from '../route';

/** Processes that administrators register: predefined ones for everybody else. */
export function adminProcessRoutes({ records, administration }: Backend): Route[] {
  const { registeredProcesses } = records;
  const path = '/admin/processes/{process_id}';
  const find = async (identifier: string) => {
    const all = await registeredProcesses.list();
    const record = all.find(({ id }) => id === identifier);
    if (!record) throw unregistered(identifier);
    return record;
  };
  return [
    {
      method: 'GET',
      path: '/admin/processes',
      access: 'admin',
      isListed: false,
      async handle(_request, response) {
        const all = await registeredProcesses.list();
        response.json({ processes: all.map(({ process }) => process), links: [] });
      },
    },
    {
      method: 'GET',
      path,
      access: 'admin',
      isListed: false,
      async handle(request, response) {
        response.json((await find(request.params['process_id'])).process);
      },
    },
    {
      method: 'PUT',
      path,
      access: 'admin',
      isListed: false,
      body: 'json',
      async handle(request, response) {
        const { process_id: id } = request.params;
        const process = { ...request.body, id };
        const issues = await administration.check(id, process);
        if (issues.length > 0)
          throw new OpenEOError('ProcessInvalid', {
            reason: issues
              .map(({ pointer, message }) => (pointer ? `${pointer}: ${message}` : message))
              .join(' '),
          });
        const registeredBy = callerOf(request).id;
        await registeredProcesses.put({ id, process, registeredBy, updatedAt: new Date() });
        await administration.refresh();
        response.status(200).end();
      },
    },
    {
      method: 'DELETE',
      path,
      access: 'admin',
      isListed: false,
      async handle(request, response) {
        const { process_id: id } = request.params;
        if (!(await registeredProcesses.remove(id))) throw unregistered(id);
        await administration.refresh();
        response.status(204).end();
      },
    },
  ];
}

function unregistered(id: string): OpenEOError {
  return new OpenEOError('NotFound', {}, { message: `No process "${id}" was registered over HTTP.` });
}
