import type { Readable } from 'node:stream';
import type { OpenEOError } from '../base/errors';
import type { Logger } from '../base/logger';
import type { HttpClient } from '../base/net';
import type { OpaqueHandle } from '../graph/types';
import type { PyramidSource } from '../pyramid/open-source';
import type { PyramidOptions } from '../pyramid/options';
import type { Pyramids } from '../pyramid/pyramids';
import type { MemoryBudget } from '../raster/memory/budget';
import type { RasterReader } from '../raster/source';
import type { Catalog } from '../store/catalog/types';
import type { ObjectStore } from '../store/objects/types';
import type { JobAsset } from '../store/records/jobs/types';
import type { User } from '../store/records/types';
import type { Imagery } from '../tiles/imagery';
import type { TileStore } from '../tiles/types';
import type { UdfRuntimes, UdfSession } from '../udf/types';

/** A pyramid among those that a graph makes. */
export interface PyramidPlace {
  /** Stands before the names of its files among the results: nothing where it is the only one. */
  readonly filePrefix: string;
  /** Whether its node makes no further one, so that its tiles are found again by the node. */
  readonly isOnce: boolean;
}

/** What processes may do for the job that runs them: show how far it is, and add files to its results. */
export interface JobHandle {
  readonly id: string;
  /** The process that it runs, as its owner wrote it. */
  readonly process: Readonly<Record<string, unknown>>;
  /** When it was started; its runs after failures and crashes follow the same start. */
  readonly startedAt: Date;
  /** Where this run of the job keeps its files, with a slash at the end. */
  readonly prefix: string;
  readonly objects: ObjectStore;
  /** 0 to 100, which never goes back. */
  progress(percent: number, message?: string): void;
  /** Makes a stored file a result at once. */
  addAsset(asset: JobAsset): Promise<void>;
  /** What is known of the pyramid that a node makes, by the path that leads to it. */
  pyramidPlace(node: readonly string[]): PyramidPlace;
  /** Present where the job is only tried out: takes a pyramid's place, and its result. */
  tryPyramid?(source: PyramidSource, options: Partial<PyramidOptions>): Promise<unknown>;
}

/** A file of a user, being read. */
export interface WorkspaceFile {
  /** The user whose file it is. */
  readonly owner: string;
  /** Of the whole file, in bytes. */
  readonly size: number;
  /** Changes with every write. */
  readonly version: string;
  /** Whoever does not read it to its end destroys it. */
  readonly body: Readable;
}

/** An asset of a map project. */
export interface AssetReference {
  readonly project: string;
  readonly version: number;
  readonly asset: string;
}

/** What a process function may touch. Everything else is out of its reach. */
export interface ProcessContext {
  /** Aborted when the client leaves, the time is over or the server stops. */
  readonly signal: AbortSignal;
  /** Its events also reach the log of the service or job that runs. */
  readonly logger: Logger;
  /** Absent for anonymous callers. */
  readonly user?: User;
  /** The service on whose behalf the graph runs. */
  readonly service?: { readonly id: string };
  /** The job on whose behalf the graph runs. */
  readonly job?: JobHandle;
  /** The tile store of services that opted in; what processes take when their graph names none. */
  readonly tileStore?: OpaqueHandle<TileStore>;
  /** `TileStoreUnavailable` with the reason why there is none. */
  readonly tileStoreMissing?: OpenEOError;
  /** The catalogue of imagery tiles; absent where the server has no tile store. */
  readonly imagery?: Imagery;
  /**
   * A file of the caller's workspace (in a service of its owner's), or the bytes from `start` to `end` of it (both included).
   * @throws OpenEOError `AuthenticationRequired`, `FileNotFound`, `FilePathInvalid`, `FileOperationUnsupported`
   */
  openFile(path: string, range?: { readonly start: number; readonly end: number }): Promise<WorkspaceFile>;
  /**
   * A base map of a map project that the caller may see; the function opens its bytes.
   * @throws OpenEOError `AuthenticationRequired`, `ProjectNotFound`, `VersionNotFound`, `AssetInvalid`,
   *   `PermissionsInsufficient`
   */
  findAsset(reference: AssetReference): Promise<() => Promise<Readable | undefined>>;
  readonly pyramids: Pyramids;
  /** The address of this server where it is configured, without a trailing slash. */
  readonly publicUrl?: string;
  readonly catalog: Catalog;
  readonly raster: RasterReader;
  /** Whether the caller may use another service's records. */
  mayAccessService(serviceId: string): Promise<boolean>;
  /** STAC collections and items by address, for `load_stac`. */
  openStac(url: string, signal: AbortSignal): Promise<Catalog>;
  /** The way to other hosts: those that the configuration allows. */
  readonly http: HttpClient;
  /** User-defined functions; the session is the run's own. */
  readonly udf: Pick<UdfRuntimes, 'descriptions' | 'memoryBytes'> & { readonly session: UdfSession };
  readonly limits: { readonly pixels: number; readonly seconds: number };
  /** What values in memory are accounted for in. */
  readonly memory: MemoryBudget;
}
