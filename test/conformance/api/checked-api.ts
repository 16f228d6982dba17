import { temporaryFolders } from '../../support/folders';
import { startServer, type TestServer } from '../../support/server';
import { type Answer, endpoints, violations } from '../api-schemas';
import { writeCollection } from './collection';

const provider = {
  id: 'local',
  issuer: 'https://login.example',
  title: 'Login',
  scopes: ['openid'],
  defaultClients: [{ id: 'openeo', grantTypes: ['urn:ietf:params:oauth:grant-type:device_code+pkce'] }],
};

export const graph = { e: { process_id: 'e', arguments: {}, result: true } };
export const stored = {
  summary: 'Test',
  description: 'Test.',
  categories: ['test'],
  parameters: [
    { name: 'x', description: 'A number.', schema: { type: 'number' }, optional: true, default: 1 },
  ],
  returns: { description: 'A number.', schema: { type: 'number' } },
  links: [{ rel: 'about', href: 'https://example.org' }],
  process_graph: graph,
};
export const badToken = { token: 'basic//nonsense' };

interface Capabilities {
  readonly endpoints: readonly { readonly path: string; readonly methods: readonly string[] }[];
}

interface Call {
  /** Replaces the template's placeholders, and may add a query. */
  readonly path?: string;
  readonly body?: unknown;
  readonly raw?: string | Uint8Array;
  readonly headers?: Record<string, string>;
  /** null: no login. */
  readonly token?: string | null;
}

/** A server, and a client that compares every answer with the standard; the server is there once tests run. */
export class CheckedApi {
  server!: TestServer;
  alice!: string;
  /** `GET /me`: what the capabilities list. */
  offered!: readonly string[];
  /** `GET /me 200`: what a test has seen and found valid. */
  readonly seen = new Set<string>();

  /** Sends a request, and checks the answer against what the standard says of the endpoint. */
  readonly call = async (
    endpoint: string,
    expected: number,
    options: Call = {},
  ): Promise<Answer & { json: () => ReturnType<typeof JSON.parse> }> => {
    const [method, template] = endpoint.split(' ');
    const path = options.path ?? template;
    const token = options.token === undefined ? this.alice : options.token;
    const { url, api } = this.server;
    const response = await fetch(path.startsWith('/.well-known') ? url + path : api + path, {
      method,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(options.body !== undefined && { 'content-type': 'application/json' }),
        ...options.headers,
      },
      body: options.body === undefined ? (options.raw as string | undefined) : JSON.stringify(options.body),
    });
    const answer = { status: response.status, headers: response.headers, text: await response.text() };
    expect([endpoint, answer.status, answer.status === expected ? '' : answer.text]).toEqual([
      endpoint,
      expected,
      '',
    ]);
    expect([endpoint, violations(endpoint, answer)]).toEqual([endpoint, []]);
    const key = Object.hasOwn(endpoints[endpoint].responses, String(expected))
      ? String(expected)
      : `${Math.floor(expected / 100)}XX`;
    this.seen.add(`${endpoint} ${key}`);
    return { ...answer, json: () => JSON.parse(answer.text) };
  };
}

/** A server with a collection and a provider of logins, from before a file's tests until after them. */
export function openApi(): CheckedApi {
  const api = new CheckedApi();
  const newFolder = temporaryFolders();
  beforeAll(async () => {
    const collections = [writeCollection(newFolder('collection'))];
    api.server = await startServer({ collections, oidcProviders: [provider] });
    api.alice = await api.server.user('alice');
    const capabilities = (await (await api.server.call('GET', '/')).json()) as Capabilities;
    api.offered = capabilities.endpoints
      .flatMap(({ path, methods }) => methods.map((method) => `${method} ${path}`))
      .concat('GET /', 'GET /.well-known/openeo');
  });
  afterAll(() => api.server.stop());
  return api;
}
