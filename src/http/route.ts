import type { Request, Response } from 'express';
import type { User } from '../store/records/types';
import type { RequestContext } from './context';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A request as route handlers receive it: parameters are decoded strings, `body` is as the route declares. */
export interface ApiRequest extends Request<Record<string, string>> {
  readonly context: RequestContext;
}

/** One endpoint. The route table feeds Express and the capabilities document, so they cannot disagree. */
export interface Route {
  readonly method: Method;
  /**
   * As openEO writes it, `/collections/{collection_id}`. `{path*}` takes the rest of the address with its
   * slashes. HEAD comes with GET.
   */
  readonly path: string;
  /**
   * `public`: credentials are not looked at. `optional`: they must be valid where they are sent.
   * `user`, `admin`: they are required.
   */
  readonly access: 'public' | 'optional' | 'user' | 'admin';
  /**
   * Whether the capabilities list it; default: true. Endpoints that the standard doesn't know are not listed.
   */
  readonly isListed?: boolean;
  /** Below the API's prefix (default) or the server's root. */
  readonly base?: 'api' | 'root';
  /**
   * `openeo`: JSON, valid against the standard's schema of this endpoint. `json`: any JSON object.
   * Absent: the handler reads the request itself, or ignores its body.
   */
  readonly body?: 'openeo' | 'json';
  /** Whatever it throws is answered as an error; it must not answer twice. */
  handle(request: ApiRequest, response: Response): Promise<void> | void;
}

/** The caller of a route whose access is `user` or `admin`. */
export function callerOf(request: ApiRequest): User {
  const { user } = request.context;
  if (!user) throw new Error(`${request.path} does not require a user`);
  return user;
}

/** The pattern of a template in Express's notation. */
export function expressPath(template: string): string {
  return template.replace(/\{(\w+)(\*?)\}/g, (_, name: string, rest: string) =>
    rest ? `*${name}` : `:${name}`,
  );
}

/** The template as the standard and the capabilities write it. */
export function standardPath(template: string): string {
  return template.replaceAll('*}', '}');
}

/** Decoded parameters as strings: Express gives the rest of an address as a list of segments. */
export function flatParameters(
  parameters: Readonly<Record<string, string | string[]>>,
): Record<string, string> {
  const flat: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(parameters))
    flat[name] = Array.isArray(value) ? value.join('/') : value;
  return flat;
}
