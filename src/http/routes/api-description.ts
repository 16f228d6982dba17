import projects from '../../../schemas/projects.openapi.json';
import catalogue from '../../../schemas/tile-catalogue.openapi.json';
import { absoluteUrl } from '../address';
import type { Route } from '../route';

/** The endpoints beside openEO's, as one OpenAPI document: those of map projects, jobs and the tile catalogue. */
const description = {
  ...projects,
  info: {
    title: 'Tilegraph',
    version: projects.info.version,
    description: `${projects.info.description} ${catalogue.info.description}`,
  },
  paths: { ...catalogue.paths, ...projects.paths },
  components: {
    ...projects.components,
    schemas: { ...catalogue.components.schemas, ...projects.components.schemas },
  },
};

export function apiDescriptionRoutes(): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/openapi.json',
      base: 'root',
      access: 'public',
      isListed: false,
      handle(request, response) {
        const url = absoluteUrl(request, '/').replace(/\/$/, '');
        response.json({ ...description, servers: [{ url }] });
      },
    },
  ];
}
