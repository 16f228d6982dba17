export const adminPassword = 'correct horse battery';

/** A process graph, or any JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** What tests need to talk to a server over HTTP, wherever it runs. */
export interface ApiClient {
  /** Without a trailing slash. */
  readonly url: string;
  /** The API's address. */
  readonly api: string;
  /** Calls the API with JSON; `token` is a user's, by default the administrator's; null: none. */
  call(method: string, path: string, body?: unknown, token?: string | null): Promise<Response>;
  /** Resolves to the token to pass to `call`. @throws Error when the server refuses */
  login(user: string, password: string): Promise<string>;
}

/** A client of the server at an address, whose administrator is `admin` with {@link adminPassword}. */
export function apiClient(url: string, password = adminPassword): ApiClient {
  const api = `${url}/openeo/1.2`;
  let admin: string | undefined;

  async function login(user: string, secret: string): Promise<string> {
    const authorization = `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
    const response = await fetch(`${api}/credentials/basic`, { headers: { authorization } });
    const text = await response.text();
    if (!response.ok) throw new Error(`${user} cannot log in: ${response.status} ${text}`);
    return `basic//${(JSON.parse(text) as { access_token: string }).access_token}`;
  }

  return {
    url,
    api,
    login,
    async call(method, path, body, token) {
      if (token === undefined) {
        admin ??= await login('admin', password);
        token = admin;
      }
      return fetch(/^https?:/.test(path) ? path : `${api}${path}`, {
        method,
        headers: {
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    },
  };
}

/** Status and code of an answer that is an error. */
export async function errorOf(response: Response): Promise<[status: number, code: string]> {
  return [response.status, ((await response.json()) as { code: string }).code];
}

/** The value of a process, or the code of its error. */
export async function resultOf(
  server: Pick<ApiClient, 'call'>,
  process: object,
  token?: string | null,
): Promise<unknown> {
  const response = await server.call('POST', '/result', { process }, token);
  const body = (await response.json()) as { code?: string };
  return response.ok ? body : body.code;
}
