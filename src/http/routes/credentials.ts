import { OpenEOError } from '../../base/errors';
import type { Backend } from '../backend';
import type { Route } from '../route';

export function credentialsRoutes({ auth }: Backend): Route[] {
  return [
    {
      method: 'GET',
      path: '/credentials/basic',
      access: 'public',
      async handle(request, response) {
        const { name, password } = readBasic(request.headers.authorization);
        const { token, expiresAt } = await auth.login(name, password, request.ip ?? '');
        const lifetime = Math.floor((expiresAt.getTime() - Date.now()) / 1000);
        response.setHeader('Cache-Control', 'no-store');
        response.json({ access_token: token, expires_in: lifetime });
      },
    },
    ...(auth.providers.length > 0 ? [oidc(auth.providers)] : []),
  ];
}

/** Only with a provider: the standard's list must not be empty. */
function oidc(providers: Backend['auth']['providers']): Route {
  const document = {
    providers: providers.map(({ id, issuer, title, description, scopes, defaultClients }) => ({
      id,
      issuer,
      title,
      ...(description !== undefined && { description }),
      ...(scopes.length > 0 && { scopes }),
      default_clients: defaultClients.map((client) => ({
        id: client.id,
        grant_types: client.grantTypes,
        ...(client.redirectUrls && { redirect_urls: client.redirectUrls }),
      })),
    })),
  };
  return {
    method: 'GET',
    path: '/credentials/oidc',
    access: 'public',
    handle(_request, response) {
      response.json(document);
    },
  };
}

/**
 * Name and password of RFC 7617, in UTF-8.
 * @throws OpenEOError `AuthenticationRequired`, `AuthenticationSchemeInvalid`, `CredentialsInvalid`
 */
function readBasic(header: string | undefined): { name: string; password: string } {
  if (header === undefined)
    throw new OpenEOError(
      'AuthenticationRequired',
      {},
      { message: 'Send a user name and password (Basic).' },
    );
  if (!/^Basic(?: |$)/i.test(header))
    throw new OpenEOError('AuthenticationSchemeInvalid', { schemes: 'Basic here' });
  const [, encoded = ''] = /^Basic +([A-Za-z\d+/]+)={0,2} *$/i.exec(header) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  const text = bytes.toString('utf8');
  // Decoding is lenient: what doesn't come back the same was no base64.
  if (bytes.toString('base64').replace(/=+$/, '') !== encoded) throw new OpenEOError('CredentialsInvalid');
  const colon = text.indexOf(':');
  if (colon <= 0) throw new OpenEOError('CredentialsInvalid');
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
