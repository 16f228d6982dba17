import {
  type ErrorCode,
  type ErrorDetails,
  isErrorCode,
  OpenEOError,
  ProcessException,
} from '../base/errors';
import type { GraphIssue } from './types';

/** Where a problem is. */
export interface Place {
  /** Node ids from the outermost graph inwards. */
  readonly node?: readonly string[];
  readonly argument?: string;
  /** JSON pointer from the root of the process graph. */
  readonly pointer?: string;
}

/** More would help nobody, and a hostile graph could ask for millions. */
const maxIssues = 1000;

/** Collects the problems of one graph. */
export class Issues {
  readonly list: GraphIssue[] = [];
  /** How many there are, those included that the list has no room for. */
  count = 0;

  add(code: ErrorCode, details: ErrorDetails, place: Place = {}, message?: string): void {
    this.push({ ...place, code, message: message ?? new OpenEOError(code, details).message });
  }

  /** For "ProcessGraphInvalid", by far the most frequent code. */
  invalid(reason: string, place: Place = {}): void {
    this.add('ProcessGraphInvalid', { reason }, place);
  }

  push(issue: GraphIssue): void {
    this.count++;
    if (!this.isFull) this.list.push(issue);
  }

  /** Nobody needs to look for more. */
  get isFull(): boolean {
    return this.list.length >= maxIssues;
  }

  get isEmpty(): boolean {
    return this.list.length === 0;
  }
}

/** One more step of a JSON pointer. */
export function pointerTo(base: string, ...keys: readonly (string | number)[]): string {
  return base + keys.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The first issue as an error; its message also counts the others, `details.issues` holds all. */
export function issuesToError(issues: readonly GraphIssue[]): OpenEOError {
  const [first] = issues;
  const where = first.node?.length ? ` (node ${first.node.join(' / ')})` : '';
  const others = issues.length - 1;
  const more = others === 0 ? '' : ` There ${others === 1 ? 'is 1 other problem' : `are ${others} others`}.`;
  const message = `${first.message}${where}${more}`;
  const details = { issues, node: first.node, argument: first.argument };
  if (isErrorCode(first.code)) return new OpenEOError(first.code, details, { message });
  return new ProcessException(first.code, message);
}

/**
 * The error with the node in which it arose, unless an inner graph has named one. The code stays.
 * A copy, as caches may hand the same error to several graphs. Errors that are not ours pass unchanged.
 */
export function locateError(error: unknown, node: readonly string[], process: string): unknown {
  if (!(error instanceof OpenEOError) || Object.hasOwn(error.details, 'node')) return error;
  const value = { process, ...error.details, node };
  return Object.create(Object.getPrototypeOf(error), {
    ...Object.getOwnPropertyDescriptors(error),
    details: { value, enumerable: true, configurable: true, writable: true },
  });
}
