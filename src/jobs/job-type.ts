import type { JsonSchema } from '../base/json';
import type { Logger } from '../base/logger';
import type { GraphRunner } from '../graph/runner';
import type { ProcessContext } from '../processes/context';
import type { Pyramids } from '../pyramid/pyramids';
import type { OutputFormat } from '../raster/formats/types';
import type { RasterReader } from '../raster/source';
import type { Services } from '../services/services';
import type { Catalog } from '../store/catalog/types';
import type { ObjectStore } from '../store/objects/types';
import type { JobAsset, JobRecord } from '../store/records/jobs/types';
import type { RecordStore, User } from '../store/records/types';
import type { TileStore } from '../tiles/types';

/** What all job types work with; `app.ts` hands it to the engine once. */
export interface JobParts {
  readonly records: RecordStore;
  readonly objects: ObjectStore;
  readonly runner: GraphRunner<ProcessContext, User>;
  readonly raster: RasterReader;
  readonly catalog: Catalog;
  readonly services: Services;
  readonly tileStore?: TileStore;
  readonly formats: readonly OutputFormat[];
  readonly pyramids: Pyramids;
  readonly limits: {
    /** Values that one synchronous result may read. */
    readonly pixels: number;
    /** Values that one result of a job may read. */
    readonly jobPixels: number;
  };
}

/** What the run of one job may touch. */
export interface JobContext extends JobParts {
  /** As it was when this run began. */
  readonly job: JobRecord;
  /** The owner. */
  readonly user: User;
  /**
   * Fires when the job is canceled or removed, when its lease is another's, and when the process stops. The run must
   * end within two seconds then; whatever it throws afterwards is not looked at.
   */
  readonly signal: AbortSignal;
  /** Its events reach the job's log. */
  readonly logger: Logger;
  /** Where this run keeps its files, with a slash at the end: of this run only, so that late writes harm nobody. */
  readonly prefix: string;
  /** Tells people how far it is: 0 to 100, which never goes back. Costs nothing: it is written now and then. */
  progress(percent: number, message?: string): void;
  /**
   * Makes a stored file a result, at once and also while the job runs; one of the same name is replaced.
   * Resolves when the row says so.
   */
  addAsset(asset: JobAsset): Promise<void>;
  /**
   * Is done once the row says that this run completed the job: for what must not be lost before. By then the job may have
   * been started again; where the process is killed before it, it is not done.
   */
  whenComplete(work: () => Promise<void>): void;
}

/** What a job will take. */
export interface Estimate {
  /** Values of all results; of tiles, their pixels. */
  readonly values: number;
  /** Decoded bytes of sources that are read for them; of files that pyramids are made of, their size. Absent: not known. */
  readonly bytesRead?: number;
  readonly seconds: number;
  /** Of the files, tiles included. */
  readonly bytes: number;
  /** How many of them will be made, exactly; absent where the job makes none. */
  readonly tiles?: number;
}

/** What the estimate of one job may touch. */
export interface EstimateContext extends JobParts {
  readonly job: JobRecord;
  /** The owner. */
  readonly user: User;
  /** Fires when nobody waits any more, and when the time for trying is over. */
  readonly signal: AbortSignal;
}

/** When a run that failed is tried again. Failures that the user has to mend are final whatever it says. */
export interface RetryPolicy {
  /** Tries in all, the first one included. */
  readonly attempts: number;
  /** Before the second try; doubles with each further one, with some chance in it, up to five minutes. */
  readonly delayMs: number;
}

/** A kind of job: one file each in `jobs/types/`, named letter for letter like its id. */
export interface JobType<Payload = Readonly<Record<string, unknown>>> {
  readonly id: string;
  /** JSON Schema (2020-12, strict) of the row's payload. */
  readonly payload: JsonSchema;
  readonly retry: RetryPolicy;
  /**
   * Does the work. It may be run again after a crash, with everything that it stored still there, and ends as if run
   * once.
   * @returns what the row's result tells beside the assets: `{ tiles_path, tile_count, … }`
   * @throws OpenEOError what the owner can mend, or what may pass (503 and the like: it is tried again)
   */
  run(payload: Payload, context: JobContext): Promise<Readonly<Record<string, unknown>> | undefined>;
  /**
   * Is asked before a job is put in line, by its first start and by further ones.
   * @throws OpenEOError why it may not be now
   */
  admit?(job: JobRecord, parts: JobParts): Promise<void>;
  /**
   * What a run will take, tried out without keeping or changing anything.
   * @throws OpenEOError `EstimateComplexity` with the reason where that cannot be known; what the job would fail with
   */
  estimate(payload: Payload, context: EstimateContext): Promise<Estimate>;
  /**
   * Removes what runs stored outside of the job's own folder (`jobs/{id}/`) and what is nobody's result. Called when
   * a job was canceled, when it is removed, and when its results expire.
   * @param kept keys of what stays: the results that a canceled job has
   */
  discard?(job: JobRecord, parts: JobParts, kept?: ReadonlySet<string>): Promise<void>;
}

/** The folder of a job in the object store; runs have folders of their own below it. */
export function jobFolder(id: string): string {
  return `jobs/${id}/`;
}
