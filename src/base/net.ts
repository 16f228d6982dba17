import type { Readable } from 'node:stream';

export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface HttpResponse {
  /** The address after redirects. */
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** The only way out: requests to hosts that the configuration allows. */
export interface HttpClient {
  /** Follows redirects, each checked like the first address. @throws OpenEOError `HostNotAllowed`, `SourceUnreadable` */
  request(url: string, request?: HttpRequest): Promise<HttpResponse>;
  /** The body of a 200 answer. @throws OpenEOError also for other answers and for more than `maxBytes` (default 16 MiB). */
  bytes(
    url: string,
    request?: HttpRequest & { readonly maxBytes?: number },
  ): Promise<{ readonly response: HttpResponse; readonly bytes: Uint8Array }>;
  json(url: string, request?: HttpRequest & { readonly maxBytes?: number }): Promise<unknown>;
  close(): Promise<void>;
}
