/** A UDF that a graph calls. */
export interface UdfSource {
  readonly code: string;
  readonly runtime: string;
  /** Null: the default version. */
  readonly version: string | null;
}

/** What `GET /udf_runtimes` says of a runtime. */
export interface UdfRuntimeDescription {
  readonly title: string;
  readonly description: string;
  readonly type: 'language';
  readonly default: string;
  readonly versions: Readonly<
    Record<string, { readonly libraries: Readonly<Record<string, { readonly version: string }>> }>
  >;
}

/** The UDFs of one run: what one of them leaves behind in its sandbox no other run ever sees. */
export interface UdfSession {
  /**
   * Calls a UDF. Calls that are made in the same turn of the event loop go to it together.
   * @param data JSON, NaN and the infinities, labelled arrays, `UdfCube`
   * @returns the same kinds of values
   * @throws OpenEOError `UdfFailed`, `UdfLimitExceeded`; the signal's reason, at once
   */
  call(source: UdfSource, data: unknown, context: unknown, signal: AbortSignal): Promise<unknown>;
}

/** The runtimes that this server has. */
export interface UdfRuntimes {
  /** By name, as `GET /udf_runtimes` lists them. */
  readonly descriptions: Readonly<Record<string, UdfRuntimeDescription>>;
  /** Bytes that a UDF may use, its data included. */
  readonly memoryBytes: number;
  /** @param owner whoever the run is for: owners take turns where UDFs have to wait */
  openSession(owner: string): UdfSession;
  close(): Promise<void>;
}
