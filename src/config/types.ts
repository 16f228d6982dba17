import type { LogLevel } from '../base/logger';

/** An OpenID Connect provider whose tokens are accepted. */
export interface OidcProvider {
  readonly id: string;
  readonly issuer: string;
  readonly title: string;
  readonly description?: string;
  readonly scopes: readonly string[];
  /** Public clients that openEO clients may use without registering. */
  readonly defaultClients: readonly {
    readonly id: string;
    readonly grantTypes: readonly string[];
    readonly redirectUrls?: readonly string[];
  }[];
  /** Accepted values of `aud`; default: the ids of the default clients. */
  readonly audiences?: readonly string[];
  /** Claim with a list of roles, for example `groups`. */
  readonly rolesClaim?: string;
  /** Which of its values give which role. */
  readonly roles?: Readonly<Record<string, 'admin' | 'uploader'>>;
}

/** The whole configuration: checked, complete and frozen. Other rooms receive only their slice. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly storeUrl: string;
  readonly tileStoreUrl?: string;
  readonly objectStoreUrl: string;
  readonly s3: { readonly endpoint?: string; readonly region?: string; readonly isPathStyle: boolean };
  readonly collections: readonly string[];
  readonly processesDirs: readonly string[];
  /** Without a trailing slash; may have a path. Absent: taken from each request. */
  readonly publicUrl?: string;
  /** What Express takes as `trust proxy`. */
  readonly trustProxy: boolean | number | string;
  readonly adminUser: string;
  readonly adminPassword?: string;
  readonly oidcProviders: readonly OidcProvider[];
  /** `host`, `host:port` or `*.domain`; private addresses only when named. */
  readonly allowedHosts: readonly string[];
  readonly filesQuotaBytes: number;
  readonly logLevel: LogLevel;
  readonly limits: Limits;
  /** How many a user may keep; absent: as many as wanted. */
  readonly kept: { readonly jobs?: number; readonly services?: number; readonly storedProcesses?: number };
  /** Characters of users' texts; absent: as many as a request may have. */
  readonly texts: { readonly title?: number; readonly description?: number };
  /** What a user-defined function may take, and how many run at once. */
  readonly udf: { readonly seconds: number; readonly memoryBytes: number; readonly threads: number };
  /** Threads that compute pixels of results, beside the main one. */
  readonly workers: number;
  /** Memory for what is kept to be used again. */
  readonly caches: { readonly blockBytes: number; readonly tileBytes: number };
  /** Who may read the tile catalogue, and what an uploaded image may take. */
  readonly tiles: {
    readonly isPublic: boolean;
    readonly uploadBytes: number;
    readonly uploadPixels: number;
    readonly cells: number;
  };
  readonly jobs: {
    readonly engine: 'embedded' | 'pg-boss';
    /** Jobs that this process runs at once. */
    readonly concurrency: number;
    readonly perUser: number;
    readonly perType: Readonly<Record<string, number>>;
    readonly leaseMs: number;
    /** How long signed addresses of results are good. */
    readonly linkSeconds: number;
    /** How long results and logs are kept; 0: for ever. */
    readonly retention: { readonly resultMs: number; readonly logMs: number };
    /** Addresses that are told when a job has ended. */
    readonly webhooks: readonly string[];
    readonly webhookSecret?: string;
  };
  /** What map projects may take. */
  readonly projects: { readonly assetBytes: number; readonly sourcePixels: number };
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface Limits {
  /** Nodes of a process graph, nested and stored ones included. */
  readonly nodes: number;
  /** Depth of nested process graphs. */
  readonly depth: number;
  /** Values (width × height × labels) that one synchronous result or tile may read or make. */
  readonly pixels: number;
  /** Bytes that pixels may take while they are computed, of all requests together. */
  readonly memoryBytes: number;
  /** The same for one result of a job that is written in strips. */
  readonly jobPixels: number;
  /** Seconds that a synchronous request may take. */
  readonly seconds: number;
  /** Bytes of a JSON request body. */
  readonly bodyBytes: number;
}
