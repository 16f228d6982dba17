import { createHash } from 'node:crypto';
import type { Response } from 'express';
import type { Auth } from '../../auth/auth';
import { OpenEOError } from '../../base/errors';
import { requireSight } from '../../services/access';
import type { Evaluated } from '../../services/evaluate';
import type { PreparedService } from '../../services/prepared-services';
import type { Services } from '../../services/services';
import { matchesTag, type TileResponse } from '../../services/tile-response';
import { tileJson } from '../../services/tilejson';
import { readWmtsRequest, wmtsCapabilities, wmtsExceptionOf, wmtsParameterNames } from '../../services/wmts';
import type { ApiRequest, Route } from '../route';
import { serviceUrls } from '../service-urls';

/** The query string by name; of repeated names the first value counts. */
function queryOf(request: ApiRequest): Map<string, string> {
  return new Map(
    Object.entries(request.query).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value;
      return typeof first === 'string' ? [[name, first] as const] : [];
    }),
  );
}

function send(response: Response, { status, headers, body }: TileResponse): void {
  response.status(status);
  // Express's own `set` would add a charset to JSON.
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (body) response.setHeader('content-length', String(body.byteLength));
  response.end(body);
}

/** Tiles of services, and the documents by which map clients find them. */
export function tileRoutes(services: Services, auth: Pick<Auth, 'verify'>): Route[] {
  const id = (request: ApiRequest) => request.params['service_id'];

  /** True for a valid signature. @throws OpenEOError `SignatureInvalid` */
  async function isSigned(request: ApiRequest, query: Map<string, string>): Promise<boolean> {
    const signature = query.get('signature');
    if (signature === undefined) return false;
    query.delete('signature');
    if (await auth.verify(`service:${id(request)}`, signature)) return true;
    throw new OpenEOError('SignatureInvalid');
  }

  async function sendTile(
    request: ApiRequest,
    response: Response,
    tile: { z: string; x: string; y: string },
    query: Map<string, string>,
  ) {
    const rendered = await services.renderer.render({
      serviceId: id(request),
      tile,
      isSigned: await isSigned(request, query),
      query,
      user: request.context.user,
      isHead: request.method === 'HEAD',
      ifNoneMatch: request.headers['if-none-match'],
      signal: request.context.signal,
    });
    send(response, rendered);
  }

  /** The service behind a document, and its result over no tile in particular, where the graph has one. */
  async function describe(
    request: ApiRequest,
    query: Map<string, string>,
  ): Promise<{ prepared: PreparedService; evaluated?: Evaluated }> {
    const prepared = await services.prepared.get(id(request));
    const { service, settings, writes, readsTile, readsUser } = prepared;
    if (!(await isSigned(request, query))) requireSight(service, settings, request.context.user);
    if (!service.enabled) throw new OpenEOError('ServiceDisabled', { identifier: service.id });
    const { user, signal } = request.context;
    // What is read for nobody in particular tells nothing of what a user will get.
    if (writes || readsTile || (readsUser && !user)) return { prepared };
    const evaluated = await services.evaluator.evaluate(prepared, {
      tile: { z: 0, x: 0, y: 0 },
      query,
      user,
      signal,
    });
    return { prepared, evaluated };
  }

  function sendDocument(
    request: ApiRequest,
    response: Response,
    mediaType: string,
    body: string,
    prepared: PreparedService,
  ): void {
    const tag = `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
    const isPublic = prepared.settings.scope === 'public' && !prepared.readsUser;
    response.set({
      'content-type': mediaType,
      'cache-control': `${isPublic ? 'public' : 'private'}, max-age=60`,
      etag: tag,
      ...(!isPublic && { vary: 'Authorization' }),
    });
    if (matchesTag(request.headers['if-none-match'], tag)) response.status(304).end();
    else response.end(body);
  }

  async function sendCapabilities(request: ApiRequest, response: Response, query: Map<string, string>) {
    const carried = new Map([...query].filter(([name]) => !wmtsParameterNames.has(name.toLowerCase())));
    const { prepared, evaluated } = await describe(request, query);
    const urls = serviceUrls(request, prepared.service, carried);
    const addresses = { kvp: urls.wmts, capabilities: urls.wmtsCapabilities, tile: urls.wmtsTile };
    sendDocument(
      request,
      response,
      'application/xml',
      wmtsCapabilities(prepared, evaluated, addresses),
      prepared,
    );
  }

  return [
    {
      method: 'GET',
      path: '/services/xyz/{service_id}/tiles/{z}/{x}/{y}',
      access: 'optional',
      isListed: false,
      async handle(request, response) {
        const { z, x, y } = request.params;
        await sendTile(request, response, { z, x, y }, queryOf(request));
      },
    },
    {
      method: 'GET',
      path: '/services/xyz/{service_id}/tilejson.json',
      access: 'optional',
      isListed: false,
      async handle(request, response) {
        const query = queryOf(request);
        const carried = new Map(query);
        const { prepared, evaluated } = await describe(request, query);
        const { tiles } = serviceUrls(request, prepared.service, carried);
        sendDocument(
          request,
          response,
          'application/json',
          JSON.stringify(tileJson(prepared, evaluated, { tiles })),
          prepared,
        );
      },
    },
    {
      method: 'GET',
      path: '/services/xyz/{service_id}/WMTSCapabilities.xml',
      access: 'optional',
      isListed: false,
      handle: (request, response) => sendCapabilities(request, response, queryOf(request)),
    },
    {
      method: 'GET',
      path: '/services/xyz/{service_id}/wmts',
      access: 'optional',
      isListed: false,
      async handle(request, response) {
        const query = queryOf(request);
        try {
          const asked = readWmtsRequest(query, await services.prepared.get(id(request)));
          if (asked.kind === 'capabilities') return await sendCapabilities(request, response, query);
          const others = new Map([...query].filter(([name]) => !wmtsParameterNames.has(name.toLowerCase())));
          await sendTile(request, response, asked.tile, others);
        } catch (error) {
          const exception = wmtsExceptionOf(error);
          if (!exception) throw error;
          response
            .status(400)
            .set({ 'content-type': 'application/xml', 'cache-control': 'no-store' })
            .end(exception.toXml());
        }
      },
    },
  ];
}
