import { readFileSync } from 'node:fs';
import { isDeeperThan } from '../../base/json';
import { packagePath } from '../../base/paths';
import { createSchemaCompiler, describeErrors } from '../../base/schema';
import { maxJsonDepth } from '../shape';

let validator: ReturnType<ReturnType<typeof createSchemaCompiler>['compile']> | undefined;

/** What is wrong with a process description as such (`schemas/process.json`); undefined when nothing is. */
export function describeSpecProblem(json: unknown): string | undefined {
  if (isDeeperThan(json, 2 * maxJsonDepth)) return `it nests more than ${2 * maxJsonDepth} levels deep`;
  validator ??= createSchemaCompiler().compile(
    JSON.parse(readFileSync(packagePath('schemas', 'process.json'), 'utf8')),
  );
  return validator(json) ? undefined : describeErrors(validator.errors);
}
