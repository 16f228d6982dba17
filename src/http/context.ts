import type { Request, Response } from 'express';
import { v4 as uuid } from 'uuid';
import type { Logger } from '../base/logger';
import type { User } from '../store/records/types';
import { requestSignal } from './signal';

/** What this server knows of one request, beside the request itself. */
export class RequestContext {
  readonly id = uuid();
  readonly startedMs = performance.now();
  /** Absent for anonymous callers. */
  user?: User;
  /** The template of the address, `/collections/{collection_id}`; metrics and logs tell addresses by it. */
  route?: string;
  /** The code of the error that the request was answered with. */
  errorCode?: string;
  #logger?: Logger;

  constructor(
    readonly request: Request,
    readonly response: Response,
    readonly parentLogger: Logger,
    /** Configured; absent: what the request was addressed to. */
    readonly publicUrl: string | undefined,
  ) {}

  /** A logger whose events carry the request's id. */
  get logger(): Logger {
    this.#logger ??= this.parentLogger.child({ request: this.id });
    return this.#logger;
  }

  /** Fires when the client leaves. */
  get signal(): AbortSignal {
    return requestSignal(this.request, this.response);
  }
}

/** Attaches the context; Express keeps own properties of a request when it swaps its prototype. */
export function setContext(request: Request, context: RequestContext): void {
  Object.defineProperty(request, 'context', { value: context });
}

/** The context of a request that came through the application. */
export function contextOf(request: Request): RequestContext {
  return (request as Request & { readonly context: RequestContext }).context;
}
