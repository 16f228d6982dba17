import type { Request } from 'express';
import type { Auth } from '../../auth/auth';
import { OpenEOError } from '../../base/errors';
import type { NewService, ServiceChange } from '../../services/manager';
import type { Services } from '../../services/services';
import type { ServiceRecord } from '../../store/records/types';
import { apiUrl } from '../address';
import { logPage, rfc3339 } from '../log-documents';
import { pageLinks, pageQuery } from '../paging';
import { type ApiRequest, callerOf, type Route } from '../route';
import { serviceUrls } from '../service-urls';
import { checkTexts, type TextLimits } from '../texts';

const longestSignatureSeconds = 365 * 24 * 3600;

/** A service as lists show it. */
function summary(request: Request, service: ServiceRecord): Record<string, unknown> {
  return {
    id: service.id,
    ...(service.title !== undefined && { title: service.title }),
    ...(service.description !== undefined && { description: service.description }),
    url: serviceUrls(request, service).tiles,
    type: service.type.toUpperCase(),
    enabled: service.enabled,
    ...(service.plan && { plan: service.plan }),
    ...(service.budget !== undefined && { budget: service.budget }),
    costs: 0,
    log_level: service.logLevel,
    created: rfc3339(service.createdAt),
  };
}

function details(request: Request, service: ServiceRecord): Record<string, unknown> {
  const { tileJson, wmts, wmtsCapabilities } = serviceUrls(request, service);
  return {
    ...summary(request, service),
    process: service.process,
    configuration: service.configuration,
    attributes: { tilejson: tileJson, wmts, wmts_capabilities: wmtsCapabilities, revision: service.revision },
  };
}

function expiry(body: Readonly<Record<string, unknown>>): number {
  const seconds = body['expires_in'] ?? 24 * 3600;
  if (Number.isInteger(seconds) && (seconds as number) > 0 && (seconds as number) <= longestSignatureSeconds)
    return seconds as number;
  throw new OpenEOError('RequestInvalid', {
    reason: `expires_in must be a whole number of seconds from 1 to ${longestSignatureSeconds}`,
  });
}

/** The life of secondary services, their logs, and signed addresses of their tiles. */
export function serviceRoutes(
  { manager, prepared }: Services,
  auth: Pick<Auth, 'sign' | 'revoke'>,
  texts: TextLimits,
): Route[] {
  const id = (request: ApiRequest) => request.params['service_id'];
  return [
    {
      method: 'GET',
      path: '/api/services',
      base: 'root',
      access: 'public',
      isListed: false,
      async handle(request, response) {
        const services = await manager.publicServices();
        response.json({
          services: services.map((service) => ({
            ...summary(request, service),
            tilejson: serviceUrls(request, service).tileJson,
          })),
        });
      },
    },
    {
      method: 'GET',
      path: '/services',
      access: 'user',
      async handle(request, response) {
        const page = pageQuery(request);
        const { items, next } = await manager.list(callerOf(request), page);
        response.json({
          services: items.map((service) => summary(request, service)),
          links: pageLinks(request, '/services', page, next),
        });
      },
    },
    {
      method: 'POST',
      path: '/services',
      access: 'user',
      body: 'openeo',
      async handle(request, response) {
        const body = request.body as NewService;
        checkTexts(body, texts);
        const service = await manager.create(callerOf(request), body);
        response
          .status(201)
          .set({ Location: apiUrl(request, `/services/${service.id}`), 'OpenEO-Identifier': service.id })
          .end();
      },
    },
    {
      method: 'GET',
      path: '/services/{service_id}',
      access: 'user',
      async handle(request, response) {
        response.json(details(request, await manager.get(callerOf(request), id(request))));
      },
    },
    {
      method: 'PATCH',
      path: '/services/{service_id}',
      access: 'user',
      body: 'openeo',
      async handle(request, response) {
        const change = request.body as ServiceChange;
        checkTexts(change, texts);
        await manager.update(callerOf(request), id(request), change);
        response.status(204).end();
      },
    },
    {
      method: 'DELETE',
      path: '/services/{service_id}',
      access: 'user',
      async handle(request, response) {
        await manager.remove(callerOf(request), id(request));
        response.status(204).end();
      },
    },
    {
      method: 'GET',
      path: '/services/{service_id}/logs',
      access: 'user',
      async handle(request, response) {
        const path = `/services/${encodeURIComponent(id(request))}/logs`;
        response.json(
          await logPage(request, path, (filter) => manager.logs(callerOf(request), id(request), filter)),
        );
      },
    },
    {
      method: 'POST',
      path: '/services/{service_id}/signed_addresses',
      access: 'user',
      isListed: false,
      body: 'json',
      async handle(request, response) {
        const service = await manager.get(callerOf(request), id(request));
        const seconds = expiry(request.body as Record<string, unknown>);
        if ((await prepared.get(service.id)).writes) {
          throw new OpenEOError('PermissionsInsufficient', {
            reason: 'a service whose graph changes something has no signed addresses',
          });
        }
        const urls = serviceUrls(
          request,
          service,
          new Map([['signature', await auth.sign(`service:${service.id}`, seconds)]]),
        );
        response.status(201).json({
          expires: rfc3339(new Date(Date.now() + seconds * 1000)),
          url: urls.tiles,
          tilejson: urls.tileJson,
          wmts: urls.wmts,
          wmts_capabilities: urls.wmtsCapabilities,
        });
      },
    },
    {
      method: 'DELETE',
      path: '/services/{service_id}/signed_addresses',
      access: 'user',
      isListed: false,
      async handle(request, response) {
        const service = await manager.get(callerOf(request), id(request));
        await auth.revoke(`service:${service.id}`);
        response.status(204).end();
      },
    },
  ];
}
