import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath, packageRoot } from '../../src/base/paths';
import { describeSpecProblem } from '../../src/graph/library/description';
import { SchemaChecks } from '../../src/graph/schema/checks';
import type { ProcessSpec } from '../../src/graph/types';
import { sharedFolder } from '../support/tools';
import { difference } from './official/compare';
import exemptions from './official/exemptions.json';
import { isLiteral, runProcess } from './official/run-case';
import { openSuite, type Suite } from './official/suite';

interface Example {
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly returns?: unknown;
}

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite();
});
afterAll(() => suite.close());

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as ProcessSpec;
const names = readdirSync(packagePath('processes')).filter((name) => name.endsWith('.json'));

const shared = sharedFolder ?? join(packageRoot, '..', 'shared');
const standard = [join(shared, 'spec/openeo-processes'), join(shared, 'spec/openeo-processes/proposals')];

/** Prose says what it wants, in the standard and here; what programs read has to be the same. */
const prose = new Set(['description', 'summary', 'title', 'examples', 'links']);

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

/** Sentences of more than four words. */
function sentences(json: unknown): string[] {
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([key, value]) =>
    typeof value === 'string' && ['summary', 'description', 'message', 'title'].includes(key)
      ? value.split(/(?<=[.!?])\s+|\n+/).filter((sentence) => sentence.split(' ').length > 4)
      : sentences(value),
  );
}

const signature = ({ parameters, returns, deprecated, experimental }: ProcessSpec) =>
  withoutProse({
    parameters: (parameters ?? []).map(({ name, optional, default: value, schema, ...flags }) => ({
      name,
      optional: optional ?? false,
      default: value,
      schema,
      deprecated: flags.deprecated ?? false,
      experimental: flags.experimental ?? false,
    })),
    returns: returns?.schema,
    deprecated: deprecated ?? false,
    experimental: experimental ?? false,
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
  if (original) {
    const theirs = read(original);

    test('has the signature of the standard', () => {
      expect(signature(spec)).toEqual(signature(theirs));
      expect(spec.categories).toEqual(theirs.categories);
    });

    test('has at least the exceptions of the standard', () => {
      expect(Object.keys(spec.exceptions ?? {})).toEqual(
        expect.arrayContaining(Object.keys(theirs.exceptions ?? {})),
      );
    });

    test('says everything in its own words', () => {
      const copied = new Set(sentences(theirs));
      expect(sentences(spec).filter((sentence) => copied.has(sentence))).toEqual([]);
    });
  }

  // Others show where an argument comes from.
  const examples = ((spec.examples ?? []) as unknown as Example[]).filter(
    (example) => Object.hasOwn(example, 'returns') && Object.values(example.arguments).every(isLiteral),
  );
  if (examples.length > 0)
    test('gives what its examples promise', async () => {
      for (const { arguments: args, returns } of examples) {
        const actual = await runProcess(suite.parts.runner, spec.id, args);
        expect(await difference(actual, returns, 1e-10)).toBeUndefined();
      }
    });
});

/** Proposals that are not offered, and why, are in `official/exemptions.json`. */
if (existsSync(standard[0]))
  test('every process of the standard is offered but those with a reason, and nothing is offered that is not there', () => {
    const ids = (folder: string) =>
      readdirSync(folder)
        .filter((file) => file.endsWith('.json'))
        .map((file) => file.slice(0, -5));
    const offered = suite.parts.registry.list().map(({ id }) => id);
    const [core, proposals] = standard.map(ids);
    expect(core).toHaveLength(118);
    expect(core.filter((id) => !offered.includes(id))).toEqual([]);
    const left = proposals.filter((id) => !offered.includes(id)).sort();
    expect(left).toEqual(Object.keys(exemptions.notOffered).sort());
    expect(offered.toSorted()).toEqual(ids(packagePath('processes')).toSorted());
  });

if (!existsSync(standard[0]))
  test.skip(`signatures are those of the standard (not compared: ${standard[0]} is missing; set SHARED_DIR)`, () => {});
