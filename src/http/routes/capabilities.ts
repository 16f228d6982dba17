import { absoluteUrl, apiUrl } from '../address';
import type { Backend } from '../backend';
import { billing } from '../billing';
import { type Method, type Route, standardPath } from '../route';
import { apiVersion } from '../standard';

/** What this server conforms to, as far as tests prove it. */
const conformsTo = [
  `https://api.openeo.org/${apiVersion}`,
  'https://api.openeo.org/extensions/remote-process-definition/0.1.0',
  'https://api.stacspec.org/v1.0.0/collections',
];

const json = 'application/json';

/** @param others every other route: the list of endpoints is made from them */
export function capabilitiesRoutes(backend: Backend, others: readonly Route[]): Route[] {
  const endpoints = listEndpoints(others);
  return [
    {
      method: 'GET',
      path: '/.well-known/openeo',
      base: 'root',
      access: 'public',
      handle(request, response) {
        response.json({
          versions: [{ url: apiUrl(request, ''), api_version: apiVersion, production: true }],
        });
      },
    },
    {
      method: 'GET',
      path: '/',
      access: 'public',
      isListed: false,
      handle(request, response) {
        response.json({
          api_version: apiVersion,
          backend_version: backend.version,
          stac_version: '1.0.0',
          type: 'Catalog',
          id: 'tilegraph',
          title: 'Tilegraph',
          description:
            'Map tiles and results computed by openEO process graphs from cloud-optimised rasters.',
          conformsTo,
          production: true,
          endpoints,
          billing,
          links: [
            { rel: 'self', href: apiUrl(request, '/'), type: json },
            { rel: 'root', href: apiUrl(request, '/'), type: json, title: 'This server' },
            {
              rel: 'version-history',
              href: absoluteUrl(request, '/.well-known/openeo'),
              type: json,
              title: 'Versions of the API',
            },
            {
              rel: 'conformance',
              href: apiUrl(request, '/conformance'),
              type: json,
              title: 'Conformance classes',
            },
            { rel: 'data', href: apiUrl(request, '/collections'), type: json, title: 'Collections' },
          ],
        });
      },
    },
    {
      method: 'GET',
      path: '/conformance',
      access: 'public',
      handle(_request, response) {
        response.json({ conformsTo });
      },
    },
  ];
}

/** Each template once, with its methods, in the order of the routes. */
function listEndpoints(routes: readonly Route[]): { path: string; methods: Method[] }[] {
  const methods = new Map<string, Method[]>([['/conformance', ['GET']]]);
  for (const { path, method, isListed = true, base } of routes) {
    if (!isListed || base === 'root') continue;
    const template = standardPath(path);
    methods.set(template, [...(methods.get(template) ?? []), method]);
  }
  return [...methods].map(([path, verbs]) => ({ path, methods: verbs }));
}
