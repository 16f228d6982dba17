import { basename } from 'node:path';
import type { LinkedProcess } from '../linked';
import { freezeCopy, isJsonObject } from '../shape';
import type { ProcessSpec } from '../types';
import { describeSpecProblem } from './description';
import { idOfFile, type SpecFile } from './folder';
import { type FunctionFile, loadFunctions } from './functions';

/**
 * The predefined processes: descriptions paired by name with function files. A description with a
 * `process_graph` and no function is left to the administrators' way.
 * @throws Error that lists every mismatch; the server must not start with one.
 */
export function pairBuiltins<C>(
  files: readonly SpecFile[],
  moduleFolder: string,
): ReadonlyMap<string, LinkedProcess<C>> {
  const problems: string[] = [];
  const functions = new Map<string, FunctionFile<C>>();
  for (const found of loadFunctions<C>(moduleFolder)) {
    if (found.problem !== undefined) problems.push(`${found.file} cannot be loaded: ${found.problem}`);
    const other = functions.get(found.id);
    if (other?.module && found.module)
      problems.push(`${found.id} has two functions: ${other.file} and ${found.file}`);
    if (!other?.module) functions.set(found.id, found);
  }
  const builtins = new Map<string, LinkedProcess<C>>();
  const described = new Set<string>();
  for (const { file, json, problem } of files) {
    const id = idOfFile(file);
    described.add(id);
    const module = functions.get(id)?.module;
    if (!module && (problem !== undefined || (isJsonObject(json) && json.process_graph !== undefined)))
      continue;
    const reasons = problem ?? specProblems(id, json).join('; ');
    if (reasons !== '') problems.push(`${basename(file)}: ${reasons}`);
    else if (!module) problems.push(`${basename(file)} needs a function file ${id}.ts that exports run`);
    else {
      const spec = freezeCopy(json) as ProcessSpec;
      const effects = module.effects ?? 'none';
      const process = Object.freeze({ id, namespace: 'backend', spec, module, effects });
      builtins.set(id, { process });
    }
  }
  for (const { id, file, module } of functions.values())
    if (module && !described.has(id)) problems.push(`${file} needs a description processes/${id}.json`);
  if (problems.length > 0)
    throw new Error(`Process descriptions and functions do not fit together:\n- ${problems.join('\n- ')}`);
  return builtins;
}

function specProblems(id: string, json: unknown): string[] {
  const problem = describeSpecProblem(json);
  if (problem !== undefined) return [problem];
  const spec = json as ProcessSpec;
  // Schemas are compiled when they are first needed, which keeps the start short; a test compiles all.
  return spec.id === id ? [] : [`its id is ${spec.id}`];
}
