import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../src/base/paths';
import { type Arguments, LabeledArray } from '../../src/graph/types';
import { specOf, valueProcesses } from '../kernel/plans';
import { sharedFolder } from '../support/tools';

const standard = join(sharedFolder ?? '', 'spec', 'openeo-processes');
const hasStandard = sharedFolder !== undefined && existsSync(standard);

interface Case {
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly returns?: unknown;
  readonly throws?: string | boolean;
  readonly delta?: number;
}

/** Cases that contradict the text of the specification, with the reason. */
const disputed = new Map([
  [
    'product {"data":[1,null,3,null]}',
    'IEEE 754, which the text refers to, gives -Infinity for -Infinity times Infinity',
  ],
  ['all {"data":[null],"ignore_nodata":false}', 'its truth table and its own example say no-data'],
  ['any {"data":[null],"ignore_nodata":false}', 'its truth table and its own example say no-data'],
  [
    'array_element {"data":{"labels":["B01","B02","B03"],"values":[4,5,6]},"label":"BO2"}',
    'asks for BO2 (letter O) in an array that has B02 (digit zero)',
  ],
]);

/** The test files' way to write no-data, labelled arrays and dates. */
function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== 'object' || value === null) return value;
  const { type, data } = value as { type?: string; data?: { key: string; value: unknown }[] };
  if (type === 'nodata') return null;
  if (type === 'labeled-array' && data)
    return new LabeledArray(
      data.map((element) => element.key),
      data.map((element) => decode(element.value)),
    );
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item)]));
}

/** JSON5 is a subset of JavaScript; these files are the standard's own. */
function readCases(file: string): { id: string; tests: Case[] } {
  return new Function(`return (${readFileSync(file, 'utf8')});`)() as { id: string; tests: Case[] };
}

async function call(id: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
  const complete: Record<string, unknown> = Object.create(null);
  for (const { name, default: value } of specOf(id).parameters ?? [])
    if (value !== undefined) complete[name] = value;
  return valueProcesses.get(id)?.run({ ...complete, ...args } as Arguments, undefined as never);
}

function expectClose(actual: unknown, expected: unknown, delta: number): void {
  if (typeof expected === 'number' && Number.isFinite(expected)) {
    expect(typeof actual).toBe('number');
    expect(Math.abs((actual as number) - expected)).toBeLessThanOrEqual(delta);
  } else if (Array.isArray(expected)) {
    expect(actual).toHaveLength(expected.length);
    expected.forEach((item, k) => {
      expectClose((actual as unknown[])[k], item, delta);
    });
  } else expect(actual).toEqual(expected);
}

const ids = [...valueProcesses.keys()].sort();

describe.each(ids)('%s', (id) => {
  const { examples = [], returns } = specOf(id);
  const plain = (examples as unknown as Case[]).filter(
    (example) => !JSON.stringify(example).includes('process_graph'),
  );
  it('gives what its description promises', async () => {
    expect(returns?.schema).toBeDefined();
    for (const example of plain) expectClose(await call(id, example.arguments), example.returns, 1e-10);
  });
});

if (!hasStandard)
  it.skip("the standard's own cases and descriptions: none found beside the repository or in SHARED_DIR", () => {});
else {
  const files = readdirSync(join(standard, 'tests')).filter((file) => file.endsWith('.json5'));
  const own = files.filter((file) => valueProcesses.has(file.replace('.json5', '')));
  describe.each(own)('the official %s', (file) => {
    const { id, tests } = readCases(join(standard, 'tests', file));
    it.each(tests.map((test, k) => [k, test] as const))('case %i', async (_, test) => {
      const args = decode(test.arguments) as Record<string, unknown>;
      if (disputed.has(`${id} ${JSON.stringify(args)}`)) return;
      let actual: unknown;
      try {
        actual = await call(id, args);
      } catch (error) {
        expect(test.throws).toBeDefined();
        if (typeof test.throws === 'string') expect(error).toMatchObject({ code: test.throws });
        return;
      }
      expect(Object.hasOwn(test, 'returns')).toBe(true);
      expectClose(actual, decode(test.returns), test.delta ?? 1e-10);
    });
  });

  /** Schemas without what is there for people. */
  const bare = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(bare);
    if (typeof value !== 'object' || value === null) return value;
    const kept = Object.entries(value).filter(([key]) => key !== 'description' && key !== 'title');
    return Object.fromEntries(kept.map(([key, item]) => [key, bare(item)]));
  };

  describe.each(ids)('the description of %s', (id) => {
    const path = [standard, join(standard, 'proposals')]
      .map((folder) => join(folder, `${id}.json`))
      .find((file) => existsSync(file)) as string;
    const theirs = JSON.parse(readFileSync(path, 'utf8'));
    const ours = JSON.parse(readFileSync(packagePath('processes', `${id}.json`), 'utf8'));

    it('has the parameters, results and exceptions of the standard', () => {
      const facts = ({ parameters, returns, exceptions, categories }: typeof ours) => ({
        parameters: bare(parameters),
        returns: bare(returns),
        exceptions: Object.keys(exceptions ?? {}),
        categories,
      });
      expect(facts(ours)).toEqual(facts(theirs));
    });

    it('says everything in its own words', () => {
      const sentences = (value: unknown): string[] => {
        if (typeof value !== 'object' || value === null) return [];
        return Object.entries(value).flatMap(([key, item]) =>
          typeof item === 'string' && ['summary', 'description', 'message', 'title'].includes(key)
            ? item.split(/(?<=[.!?])\s+|\n+/).filter((sentence) => sentence.split(' ').length > 4)
            : sentences(item),
        );
      };
      const copied = new Set(sentences(theirs));
      expect(sentences(ours).filter((sentence) => copied.has(sentence))).toEqual([]);
    });
  });
}
