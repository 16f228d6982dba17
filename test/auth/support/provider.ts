import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import Provider from 'oidc-provider';

export const clientId = 'openeo-default';
const machine = { id: 'machine', secret: 'machine-secret-of-the-test' };

/** What this program uses of the package, which has no types. */
interface OidcProvider {
  callback(): RequestListener;
  Client: { find(id: string): Promise<object> };
  AccessToken: new (fields: object) => { resourceServer: unknown; save(): Promise<string> };
  ResourceServer: new (id: string, info: object) => object;
}

export interface TestProvider {
  readonly issuer: string;
  /** How often keys or discovery were fetched. */
  readonly fetches: string[];
  /** An access token of a user, made by the provider. */
  userToken(subject: string, claims?: object, audience?: string): Promise<string>;
  /** An access token by the grant for machines, over HTTP. */
  machineToken(): Promise<string>;
  /** A token signed with the provider's key, with any content; `null` takes a claim away. */
  forge(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** Replaces the signing key, as providers do now and then. */
  rotate(): Promise<void>;
  stop(): Promise<void>;
}

async function makeKey(
  id: string,
): Promise<{ jwk: JWK; key: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'] }> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { jwk: { ...(await exportJWK(privateKey)), kid: id, alg: 'RS256', use: 'sig' }, key: privateKey };
}

/** Making keys takes long, so the tests of a file share the first one. */
const firstKey = makeKey('first');

/** A real OpenID Connect provider on the loopback interface. */
export async function startProvider(): Promise<TestProvider> {
  // The package tells operators about settings that tests don't need.
  for (const level of ['info', 'warn'] as const) jest.spyOn(console, level).mockImplementation(() => {});
  let handler: RequestListener = () => {};
  const fetches: string[] = [];
  const server = http.createServer((request, response) => {
    if (request.method === 'GET') fetches.push(request.url ?? '');
    handler(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  /** Claims beyond those of the provider, by token. */
  const extra = new WeakMap<object, object>();
  let signing = await firstKey;
  let provider: OidcProvider;

  const info = (audience: string) => ({
    scope: 'openid',
    audience,
    accessTokenTTL: 600,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'RS256' } },
  });
  const start = () => {
    provider = new Provider(issuer, {
      clients: [
        {
          client_id: clientId,
          token_endpoint_auth_method: 'none',
          grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
          response_types: [],
          redirect_uris: [],
        },
        {
          client_id: machine.id,
          client_secret: machine.secret,
          grant_types: ['client_credentials'],
          response_types: [],
          redirect_uris: [],
        },
      ],
      jwks: { keys: [signing.jwk] },
      cookies: { keys: ['cookie key of the test'] },
      extraTokenClaims: (_context: unknown, token: object) => extra.get(token),
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        deviceFlow: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => 'urn:openeo:test',
          getResourceServerInfo: () => info(clientId),
        },
      },
    }) as OidcProvider;
    handler = provider.callback();
  };
  start();

  return {
    issuer,
    fetches,
    async userToken(subject, claims = {}, audience = clientId) {
      const client = await provider.Client.find(clientId);
      const token = new provider.AccessToken({
        accountId: subject,
        client,
        grantId: 'grant-of-the-test',
        gty: 'urn:ietf:params:oauth:grant-type:device_code',
        scope: 'openid',
      });
      token.resourceServer = new provider.ResourceServer('urn:openeo:test', info(audience));
      extra.set(token, claims);
      return token.save();
    },
    async machineToken() {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `Basic ${Buffer.from(`${machine.id}:${machine.secret}`).toString('base64')}`,
        },
        body: 'grant_type=client_credentials&scope=openid',
      });
      const answer = (await response.json()) as { access_token: string };
      if (!response.ok) throw new Error(JSON.stringify(answer));
      return answer.access_token;
    },
    forge(claims, header = {}) {
      const now = Math.floor(Date.now() / 1000);
      const all: Record<string, unknown> = {
        iss: issuer,
        aud: clientId,
        sub: 'forged',
        iat: now,
        exp: now + 600,
        ...claims,
      };
      const content = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
      return new SignJWT(content)
        .setProtectedHeader({ alg: 'RS256', kid: signing.jwk.kid, ...header })
        .sign(signing.key);
    },
    async rotate() {
      signing = await makeKey('second');
      start();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
