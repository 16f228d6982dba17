import { serviceTypes } from '../../services/manager';
import type { Route } from '../route';

/** The kinds of secondary services and their settings. */
export const serviceTypeRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/service_types',
    access: 'optional',
    handle(_request, response) {
      const types = [...serviceTypes.values()].map(
        ({ id, title, description, configuration, processParameters, links }) => [
          id.toUpperCase(),
          { title, description, configuration, process_parameters: processParameters, links },
        ],
      );
      response.json(Object.fromEntries(types));
    },
  },
];
