import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath, packageRoot } from '../../src/base/paths';
import { describeSpecProblem } from '../../src/graph/library/description';
import { SchemaChecks } from '../../src/graph/schema/checks';
import type { ProcessSpec } from '../../src/graph/types';

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as ProcessSpec;
const names = readdirSync(packagePath('processes')).filter((name) => name.endsWith('.json'));

const shared = process.env.TILEGRAPH_SHARED ?? join(packageRoot, '..', 'shared');
const standard = [join(shared, 'spec/openeo-processes'), join(shared, 'spec/openeo-processes/proposals')];

/** Prose says what it wants, in the standard and here; what programs read has to be the same. */
const prose = new Set(['description', 'summary', 'title', 'examples', 'links', 'deprecated', 'experimental']);

function withoutProse(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withoutProse);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json)
      .filter(
        ([key, value]) =>
          !prose.has(key) || (typeof value === 'object' && key !== 'examples' && key !== 'links'),
      )
      .map(([key, value]) => [key, withoutProse(value)]),
  );
}

const signature = ({ parameters, returns }: ProcessSpec) =>
  withoutProse({
    parameters: (parameters ?? []).map(({ name, optional, default: value, schema }) => ({
      name,
      optional: optional ?? false,
      default: value,
      schema,
    })),
    returns: returns?.schema,
  });

describe.each(names)('%s', (name) => {
  const spec = read(packagePath('processes', name));

  test('is a complete description', () => {
    expect(describeSpecProblem(spec)).toBeUndefined();
    expect(`${spec.id}.json`).toBe(name);
    expect(spec.summary).toBeTruthy();
    expect(spec.returns?.description).toBeTruthy();
    for (const parameter of spec.parameters ?? []) expect(parameter.description).toBeTruthy();
    for (const exception of Object.values(spec.exceptions ?? {})) expect(exception.message).toBeTruthy();
  });

  test('has schemas that compile', () => {
    const checks = new SchemaChecks();
    for (const parameter of spec.parameters ?? [])
      expect(() => checks.of(parameter, spec.exceptions)).not.toThrow();
    expect(() => checks.of({ name: 'returns', schema: spec.returns?.schema ?? {} })).not.toThrow();
  });

  const original = standard.map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (original)
    test('has the signature of the standard', () => {
      expect(signature(spec)).toEqual(signature(read(original)));
    });
});

if (!existsSync(standard[0]))
  test.skip(`signatures are those of the standard (not compared: ${standard[0]} is missing; set TILEGRAPH_SHARED)`, () => {});
