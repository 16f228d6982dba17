import type { Auth } from '../auth/auth';
import type { Limiter } from '../base/limiter';
import type { Logger } from '../base/logger';
import type { GraphRunner, ProcessRegistry } from '../graph/runner';
import type { GraphIssue } from '../graph/types';
import type { InputFormat } from '../raster/formats/input/types';
import type { OutputFormat } from '../raster/formats/types';
import type { Catalog } from '../store/catalog/types';
import type { ObjectStore } from '../store/objects/types';
import type { RecordStore, User } from '../store/records/types';
import type { TileStore } from '../tiles/types';
import type { UdfRuntimeDescription } from '../udf/types';
import type { Metrics } from './metrics';
import type { TextLimits } from './texts';

/** The slice of the configuration that concerns HTTP. */
export interface HttpSettings {
  /** Without a trailing slash; may have a path. Absent: taken from each request. */
  readonly publicUrl?: string;
  readonly trustProxy: boolean | number | string;
  readonly filesQuotaBytes: number;
  readonly texts: TextLimits;
  readonly limits: { readonly pixels: number; readonly seconds: number; readonly bodyBytes: number };
}

/** How administrators change the predefined processes over HTTP (`graph/registry.ts`). */
export interface ProcessAdministration {
  /** Every reason why the process cannot be registered under this id; empty when it can. */
  check(id: string, process: unknown): Promise<readonly GraphIssue[]>;
  /** Resolves when this server's registry shows what the store holds. */
  refresh(): Promise<void>;
}

/** Everything that routes work with; `app.ts` builds it. */
export interface Backend {
  /** Of this program, as in package.json. */
  readonly version: string;
  readonly settings: HttpSettings;
  readonly logger: Logger;
  readonly records: RecordStore;
  readonly tileStore?: TileStore;
  readonly objects: ObjectStore;
  readonly catalog: Catalog;
  readonly registry: ProcessRegistry;
  readonly administration: ProcessAdministration;
  readonly udfRuntimes: Readonly<Record<string, UdfRuntimeDescription>>;
  readonly runner: GraphRunner<unknown, User>;
  readonly formats: readonly OutputFormat[];
  readonly inputFormats: readonly InputFormat[];
  readonly auth: Auth;
  /** Bounds the heavy requests that run and wait at once. */
  readonly heavy: Limiter;
  readonly metrics: Metrics;
}
