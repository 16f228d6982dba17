import { Issues } from '../issue';
import { type Definition, readDefinition } from '../link';
import { isJsonObject } from '../shape';
import type { GraphIssue } from '../types';
import { describeSpecProblem } from './description';

/** A file or a record that defines a process by a graph, in its present version and the last that worked. */
export interface Source {
  /** File name or `PUT /admin/processes/{id}`; for messages. */
  readonly name: string;
  /** Tells versions apart. */
  readonly version: string;
  /** Absent when the present version is no usable description. */
  readonly definition?: Definition;
  /** Why `definition` is absent. */
  readonly issues: readonly GraphIssue[];
  /** The last version that could be linked. */
  readonly good?: Definition;
}

/** A source that is not used, or not in its present version, and every reason. */
export interface Problem {
  readonly source: string;
  readonly issues: readonly GraphIssue[];
}

/** Reads a description that must have a graph. */
export function readSource(
  name: string,
  version: string,
  id: string,
  json: unknown,
  problem?: string,
): Omit<Source, 'good'> {
  const issues = new Issues();
  const reason = problem ?? describeSpecProblem(json);
  if (reason !== undefined) issues.add('ProcessInvalid', { reason });
  else if (!isJsonObject(json) || json.process_graph === undefined) issues.add('ProcessGraphMissing', {});
  else if (json.id !== id)
    issues.add('ProcessInvalid', { reason: `its id is ${String(json.id)}, and ${id} is expected here.` });
  if (!issues.isEmpty) return { name, version, issues: issues.list };
  return { name, version, definition: readDefinition(id, 'backend', json), issues: [] };
}
