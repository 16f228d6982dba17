import openeo from '../../schemas/errors/openeo.json';
import tilegraph from '../../schemas/errors/tilegraph.json';

const table = { ...openeo, ...tilegraph };

/** A code of the openEO standard or of ours; the tables in `schemas/errors/` are the source. */
export type ErrorCode = keyof typeof table;

/** What fills the `{placeholders}` of a message, and what `message` replaces as a whole. */
export interface ErrorDetails {
  readonly [name: string]: unknown;
}

export interface ErrorOptions {
  /** Replaces the table's message. */
  readonly message?: string;
  readonly cause?: unknown;
  readonly links?: readonly { rel: string; href: string; title?: string }[];
  /** Seconds for a `Retry-After` header. */
  readonly retryAfter?: number;
  /** Replaces the table's status, where another contract than openEO's demands it. */
  readonly status?: number;
}

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) =>
    Object.hasOwn(details, name) ? String(details[name]) : `(${name})`,
  );
}

/**
 * An error that a client may see: a code, an HTTP status and a message that says what to do.
 * Everything else that is thrown reaches clients as `Internal` with an id that the log repeats.
 */
export class OpenEOError extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: ErrorDetails;
  readonly links: ErrorOptions['links'];
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options: ErrorOptions = {}) {
    const entry = table[code];
    super(options.message ?? fill(entry.message, details), { cause: options.cause });
    this.name = code;
    this.code = code;
    this.status = options.status ?? entry.status;
    this.details = details;
    this.links = options.links;
    this.retryAfter = options.retryAfter;
  }
}

/**
 * An exception that a process description declares under `exceptions` (for example `BandExists`).
 * Its message comes from the function that throws it; its status is 400 unless the table knows the code.
 */
export class ProcessException extends OpenEOError {
  override readonly code: string;
  override readonly status: number;

  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super('ProcessGraphInvalid', {}, { ...options, message });
    this.name = code;
    this.code = code;
    this.status = isErrorCode(code) ? table[code].status : 400;
  }
}

/** Something that the operator has to mend before the program can work; the message says what, and is all that is shown. */
export class SetupError extends Error {
  override readonly name: string = 'SetupError';
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(table, code);
}
