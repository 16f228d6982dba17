import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { OpenEOError } from '../../src/base/errors';
import { SavedResult } from '../../src/graph/types';
import { isCube } from '../../src/raster/cube';
import { outputFormats } from '../../src/raster/formats/registry';
import { encodeResult } from '../../src/services/encode-result';
import { type OfficialCase, readCaseFolder, resolveReferences } from '../conformance/official/case-file';
import { decodeArgument } from '../conformance/official/decode';
import { isJsonCube } from '../conformance/official/json-cube';
import { runProcess } from '../conformance/official/run-case';
import { openSuite, type Suite } from '../conformance/official/suite';
import { sharedFolder } from '../support/tools';

/** More by hand: MUTATIONS=200000 MUTATIONS_SEED=… */
const runs = Number(process.env['MUTATIONS'] ?? 1500);
const seed = Number(process.env['MUTATIONS_SEED'] ?? 20_240_711);
/** A call that computes longer than anybody would expect of cubes of a few pixels. */
const patienceMs = 60_000;

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite();
});
afterAll(() => suite.close());

interface Seed {
  readonly id: string;
  readonly args: unknown;
}

/** Arguments that are right: those of all cases, ours and the standard's. Large cubes would only take time. */
function seedsIn(folder: string): Seed[] {
  return readCaseFolder(folder).flatMap(({ id, file, tests }) =>
    (tests as OfficialCase[]).flatMap((test) => {
      const args = resolveReferences(test.arguments, file);
      return JSON.stringify(args).length < 5000 ? [{ id, args }] : [];
    }),
  );
}

const standard = sharedFolder && join(sharedFolder, 'spec', 'openeo-processes', 'tests');
const seeds = [
  ...readdirSync(__dirname, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => seedsIn(join(__dirname, name))),
  ...(standard && existsSync(standard) ? seedsIn(standard) : []),
];

type Pick = (count: number) => number;
type Json = Record<string, unknown> | unknown[];

const numbers = [0, -1, 1, 2, 0.5, -0, 1e308, 1e-320, 2 ** 53, 2 ** 31, NaN, Infinity, -Infinity];
const texts = [
  ...[
    '',
    'a',
    'x',
    't',
    'bands',
    'geometry',
    'red',
    '__proto__',
    'constructor',
    'toString',
    '🛰️',
    '\0',
    'data',
  ],
  ...['2020-01-01', '2020-02-30', '2020-01-01T00:00:00Z', '12:00:00', '9999-12-31T23:59:60Z', 'POINT (1 2)'],
];

/** A value of any kind, or a part of another case. */
function replacement(old: unknown, pick: Pick): unknown {
  const one = <T>(list: readonly T[]): T => list[pick(list.length)];
  switch (pick(9)) {
    case 0:
      return one([null, true, false, [], {}, [null], [[]], { type: 'Point', coordinates: [1, 2] }]);
    case 1:
      return one(texts);
    case 2:
      return [old];
    case 3:
      return { from_parameter: one(['x', 'data', 'context', 'y', 'nothing']) };
    case 4:
      return { type: 'labeled-array', data: [{ key: one(texts), value: one(numbers) }] };
    case 5:
      return Object.values(one(seeds).args as Json)[0] ?? null;
    default:
      return typeof old === 'string' ? one(texts) : one(numbers);
  }
}

/** One change of a copy, somewhere. Cubes stay cubes: only their values, labels and reference systems change. */
function mutate(root: Json, pick: Pick): void {
  const places: { holder: Json; key: string | number; isInCube: boolean }[] = [];
  const visit = (holder: Json, isInCube: boolean) => {
    for (const key of Object.keys(holder)) {
      const value = (holder as Record<string, unknown>)[key];
      const isLeaf = typeof value !== 'object' || value === null;
      if (isInCube && ['type', 'axis', 'order', 'nodata', 'name'].includes(key)) continue;
      if (!isInCube || isLeaf) places.push({ holder, key, isInCube });
      if (!isLeaf) visit(value as Json, isInCube || isJsonCube(value));
    }
  };
  visit(root, false);
  if (places.length === 0) return;
  const { holder, key, isInCube } = places[pick(places.length)];
  const target = holder as Record<string, unknown>;
  const old = target[key];
  if (isInCube) {
    if (key === 'reference_system') target[key] = [4326, 3857, 32632, 'EPSG:25832'][pick(4)];
    else target[key] = typeof old === 'string' ? texts[pick(texts.length)] : numbers[pick(numbers.length)];
  } else if (pick(6) === 0) {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete target[key];
  } else if (key === 'process_id') {
    const ids = suite.parts.registry.list().map(({ id }) => id);
    target[key] = ids[pick(ids.length)];
  } else target[key] = replacement(old, pick);
}

/** Runs a call, reads and writes its result; the code of an error that clients may see, or none. */
async function outcomeOf(id: string, args: Record<string, unknown>): Promise<string | undefined> {
  const signal = AbortSignal.timeout(patienceMs);
  try {
    const result = await runProcess(suite.parts.runner, id, args);
    const value = result instanceof SavedResult ? result.data : result;
    if (isCube(value)) await value.read(value.grid ? { grid: value.grid } : {}, signal);
    const { body } = await encodeResult(result, { formats: outputFormats, signal, maxPixels: 100_000 });
    if (body instanceof Readable) await body.toArray();
    return undefined;
  } catch (error) {
    if (error instanceof OpenEOError) return error.code;
    throw error;
  }
}

/** Undefined for what test files cannot say, for example more values than labels. */
function decoded(args: Json, pick: Pick): Record<string, unknown> | undefined {
  try {
    return decodeArgument(args, pick(2) === 0 ? 'nan' : 'mask') as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

test(
  'calls that are right but for some changes give a result or an error that clients may see',
  async () => {
    const outcomes = new Map<string | undefined, number>();
    const body = async (stream: fc.Stream<number>) => {
      const pick: Pick = (count) => (stream.next().value as number) % Math.max(1, count);
      const { id, args: original } = seeds[pick(seeds.length)];
      const args = structuredClone(original) as Json;
      for (let changes = pick(3); changes >= 0; changes--) mutate(args, pick);
      const given = decoded(args, pick);
      if (!given) return;
      const outcome = await outcomeOf(id, given).catch((error: Error) => {
        throw new Error(`${error.stack}\nof ${id} with ${show(args)}`, { cause: error });
      });
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    };
    await fc.assert(fc.asyncProperty(fc.infiniteStream(fc.nat()), body), {
      numRuns: runs,
      seed,
      endOnFailure: true,
    });
    expect(outcomes.get('Internal')).toBeUndefined();
    // Otherwise this would prove nothing.
    expect(outcomes.get(undefined) ?? 0).toBeGreaterThan(runs / 10);
    expect(outcomes.size).toBeGreaterThan(8);
    expect(Object.keys(Object.prototype)).toEqual([]);
  },
  Math.max(120_000, runs * 100),
);

function show(value: unknown): string {
  return JSON.stringify(value, (_key, item) =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : item,
  );
}
