import type { Backend } from '../backend';
import type { Route } from '../route';

export function udfRuntimeRoutes({ udfRuntimes }: Backend): Route[] {
  return [
    {
      method: 'GET',
      path: '/udf_runtimes',
      access: 'optional',
      handle(_request, response) {
        response.json(udfRuntimes);
      },
    },
  ];
}
