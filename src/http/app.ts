import express, { type Express, type RequestHandler, Router } from 'express';
import { OpenEOError } from '../base/errors';
import { apiPrefix } from './address';
import type { Backend } from './backend';
import { contextOf } from './context';
import { speakHttp2 } from './http2';
import { requireAccess } from './middleware/access';
import { answerError } from './middleware/errors';
import { crossOrigin, security } from './middleware/headers';
import { jsonBody } from './middleware/json-body';
import { plainPath } from './middleware/plain-path';
import { requestLog } from './middleware/request-log';
import { validBody } from './middleware/valid-body';
import { type ApiRequest, expressPath, flatParameters, type Method, type Route, standardPath } from './route';
import { apiVersion, standardEndpoints } from './standard';

export interface AppOptions {
  /** Answers what no route does, for example the pages of the web interface; calls `next` for the rest. */
  readonly pages?: RequestHandler;
}

/**
 * The web application.
 * @param routes all endpoints; the order doesn't matter unless templates overlap (the first one wins)
 */
export function createHttpApp(backend: Backend, routes: readonly Route[], options: AppOptions = {}): Express {
  speakHttp2();
  const { logger, metrics, settings } = backend;
  const app = express();
  app.set('trust proxy', settings.trustProxy);
  app.set('query parser', 'simple');
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(requestLog({ logger, metrics, publicUrl: settings.publicUrl }));
  app.use(crossOrigin, security, plainPath(settings.publicUrl));

  const isApi = (route: Route) => route.base !== 'root';
  const api = createRouter(backend, routes.filter(isApi));
  api.use(refuseUnknown(routes.filter(isApi)));
  app.use(apiPrefix, api);
  app.use(
    createRouter(
      backend,
      routes.filter((route) => !isApi(route)),
    ),
  );
  app.use('/openeo/:version', refuseVersion);
  if (options.pages) app.use(options.pages);
  app.use(() => {
    throw new OpenEOError('NotFound');
  });
  app.use(answerError);
  return app;
}

/** One Express route per template, so that a wrong method is told from a wrong address. */
function createRouter(backend: Backend, routes: readonly Route[]): Router {
  const router = Router({ caseSensitive: true });
  for (const [path, group] of groupByPath(routes)) {
    const entry = router.route(expressPath(path));
    entry.all((request, _response, next) => {
      contextOf(request).route = path;
      next();
    });
    for (const route of group) entry[lower(route.method)](...handlers(backend, route));
    const allowed = group.map(({ method }) => (method === 'GET' ? 'GET, HEAD' : method)).join(', ');
    entry.all(({ method }) => {
      throw unsupported(method, path) ?? new OpenEOError('MethodNotAllowed', { method, allowed });
    });
  }
  return router;
}

function groupByPath(routes: readonly Route[]): Map<string, Route[]> {
  const groups = new Map<string, Route[]>();
  for (const route of routes) {
    const group = groups.get(route.path);
    if (group) group.push(route);
    else groups.set(route.path, [route]);
  }
  return groups;
}

function handlers(backend: Backend, route: Route): RequestHandler[] {
  const chain: RequestHandler[] = [requireAccess(backend.auth, route.access)];
  if (route.body) chain.push(jsonBody(backend.settings.limits.bodyBytes));
  if (route.body === 'openeo') chain.push(validBody(`${route.method} ${standardPath(route.path)}`));
  chain.push(async (request, response) => {
    request.params = flatParameters(request.params);
    await route.handle(request as ApiRequest, response);
  });
  return chain;
}

function lower(method: Method) {
  return method.toLowerCase() as Lowercase<Method>;
}

/** `FeatureUnsupported` where the standard knows what this server doesn't offer. */
function unsupported(method: string, template: string): OpenEOError | undefined {
  const endpoint = `${method} ${standardPath(template)}`;
  return standardEndpoints.includes(endpoint)
    ? new OpenEOError('FeatureUnsupported', { feature: endpoint })
    : undefined;
}

/** Answers below the API's prefix what no route took. */
function refuseUnknown(routes: readonly Route[]): RequestHandler {
  const offered = new Set(routes.map(({ path }) => standardPath(path)));
  const others = standardEndpoints
    .map((endpoint) => endpoint.slice(endpoint.indexOf(' ') + 1))
    .filter((path) => !offered.has(path))
    .map((path) => new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}/?$`));
  return (request) => {
    if (others.some((pattern) => pattern.test(request.path)))
      throw new OpenEOError('FeatureUnsupported', { feature: `${request.method} ${request.path}` });
    throw new OpenEOError('NotFound');
  };
}

const refuseVersion: RequestHandler = (request, _response, next) => {
  const version = String(request.params['version']);
  if (!/^v?\d+(?:\.\d+)*$/.test(version) || apiVersion.startsWith(`${version}.`)) return next();
  throw new OpenEOError('UnsupportedApiVersion', { version });
};
