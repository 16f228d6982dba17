import type { ProcessSpec } from '../../graph/types';
import type { Backend } from '../backend';
import { pageLinks, pageQuery, slicePage } from '../paging';
import type { Route } from '../route';

export function processRoutes({ registry }: Backend): Route[] {
  return [
    {
      method: 'GET',
      path: '/processes',
      access: 'optional',
      handle(request, response) {
        const page = pageQuery(request);
        const { items, next } = slicePage(registry.list(), page);
        response.json({
          processes: items.map(describe),
          links: pageLinks(request, '/processes', page, next),
        });
      },
    },
  ];
}

/** The members that the standard requires, also of processes that were registered without them. */
function describe(spec: ProcessSpec): ProcessSpec {
  return {
    ...spec,
    description: spec.description ?? spec.summary ?? spec.id,
    parameters: spec.parameters ?? [],
    returns: spec.returns ?? { schema: {} },
  };
}
