import { OpenEOError } from '../../base/errors';
import { createPace } from '../../base/pace';
import type { Grid } from '../../geo/types';
import { type Block, type Cube, type Dimension, isCube, isHorizontal, layerDimensions } from '../cube';
import { floatText } from './float-text';
import { checkSize, layerCount, refuseEmpty } from './layers';
import { type FormatParameters, readOptions } from './options';
import type { Encoded, EncodeRequest, OutputFormat } from './types';

const parameters = {} as const satisfies FormatParameters;

/** A text of more values is of no use to a reader of JSON, and one string can't hold it. */
const maxValues = 5_000_000;

/** Rows of values that become bytes together. */
const rowsAtOnce = 64;

const file = { mediaType: 'application/json', extension: '.json' } as const;

/** What an array with labels looks like; its class belongs to a room that formats may not import. */
interface Labeled {
  readonly labels: readonly (number | string)[];
  readonly values: readonly unknown[];
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function isLabeled(value: object): value is Labeled {
  const { labels, values } = value as Partial<Labeled>;
  return !isPlain(value) && Array.isArray(labels) && Array.isArray(values) && labels.length === values.length;
}

/**
 * A value that JSON can say: labelled arrays become `{type, data: [{key, value}]}`, typed arrays arrays,
 * NaN and the infinities null (by JSON.stringify).
 * @throws OpenEOError `ResultNotRenderable` for what has no text, such as a process or a model
 */
function toJson(value: unknown, path: string, depth: number): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  const refuse = (reason: string) =>
    new OpenEOError('ResultNotRenderable', { reason: `${path || 'it'} ${reason}` });
  if (depth > 1000) throw refuse('is nested too deeply for JSON.');
  if (typeof value !== 'object') throw refuse('is no data.');
  if (Array.isArray(value)) return value.map((item, index) => toJson(item, `${path}/${index}`, depth + 1));
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Uint8Array);
  if (isLabeled(value))
    return {
      type: 'labeled-array',
      data: value.labels.map((key, index) => ({
        key,
        value: toJson(value.values[index], `${path}/${index}`, depth + 1),
      })),
    };
  if (isCube(value)) throw refuse('is a data cube inside other data; save it on its own.');
  if (!isPlain(value)) throw refuse('is no data that JSON can hold.');
  // Entries instead of assignments: a key such as __proto__ stays a key.
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, toJson(item, `${path}/${key}`, depth + 1)]),
  );
}

function describe(dimension: Dimension, values: readonly unknown[], grid?: Grid): object {
  const reference =
    'referenceSystem' in dimension && dimension.referenceSystem !== undefined
      ? dimension.referenceSystem
      : dimension.type === 'spatial' && dimension.axis !== 'z'
        ? (grid?.crs.epsg ?? grid?.crs.definition)
        : undefined;
  return {
    type: dimension.type,
    ...(dimension.type === 'spatial' ? { axis: dimension.axis } : {}),
    values,
    ...(reference === undefined ? {} : { reference_system: reference }),
  };
}

/** Nested arrays as text, one innermost row at a time. */
function* nest(block: Block, cube: Cube, shape: readonly number[]): Generator<string> {
  const { data, valid } = block;
  const isNan = cube.missing === 'nan';
  const isBoolean = cube.dataType === 'boolean';
  const textOf = cube.dataType === 'float32' ? floatText : String;
  let position = 0;
  const scalar = (): string => {
    const at = position++;
    const value: unknown = data[at];
    if (valid ? valid[at] === 0 : isNan && Number.isNaN(value)) return 'null';
    if (isBoolean && typeof value === 'number') return value ? 'true' : 'false';
    // Much faster than JSON.stringify, and the same text.
    if (typeof value === 'number') return Number.isFinite(value) ? textOf(value) : 'null';
    return JSON.stringify(value) ?? 'null';
  };
  function* level(depth: number): Generator<string> {
    if (depth === shape.length) yield scalar();
    else if (depth === shape.length - 1) {
      const row = new Array<string>(shape[depth]);
      for (let i = 0; i < row.length; i++) row[i] = scalar();
      yield `[${row.join(',')}]`;
    } else {
      yield '[';
      for (let i = 0; i < shape[depth]; i++) {
        if (i) yield ',';
        yield* level(depth + 1);
      }
      yield ']';
    }
  }
  yield* level(0);
}

function isAnyValid(block: Block, cube: Cube): boolean {
  if (block.valid) return block.valid.includes(1);
  if (cube.missing === 'nan') {
    for (let i = 0; i < block.data.length; i++) if (!Number.isNaN(block.data[i])) return true;
    return false;
  }
  return block.data.length > 0;
}

async function encodeCube(cube: Cube, request: EncodeRequest): Promise<Encoded> {
  const grid = cube.grid ? (request.grid ?? cube.grid) : undefined;
  refuseEmpty(cube, grid);
  const limit = Math.min(request.maxPixels, maxValues);
  checkSize(grid ?? { width: 1, height: 1 }, layerCount(cube), limit);
  const block = await cube.read({ grid }, request.signal);
  const layers = layerDimensions(cube);
  const axis = (name: 'x' | 'y') =>
    cube.dimensions.find(
      (dimension) => isHorizontal(cube, dimension) && dimension.type === 'spatial' && dimension.axis === name,
    );
  const horizontal: { dimension: Dimension; values: number[] }[] = [];
  const [x, y] = [axis('x'), axis('y')];
  if (grid && x && y)
    horizontal.push(
      {
        dimension: y,
        values: Array.from({ length: grid.height }, (_, i) => grid.originY - (i + 0.5) * grid.resY),
      },
      {
        dimension: x,
        values: Array.from({ length: grid.width }, (_, i) => grid.originX + (i + 0.5) * grid.resX),
      },
    );
  const ordered = [
    ...layers.map((dimension) => ({ dimension, values: dimension.labels ?? [] })),
    ...horizontal,
  ];
  const head = {
    type: 'datacube',
    dimensions: Object.fromEntries(
      ordered.map(({ dimension, values }) => [dimension.name, describe(dimension, values, grid)]),
    ),
    order: ordered.map(({ dimension }) => dimension.name),
  };
  const shape = ordered.map(({ values }) => values.length);
  const parts: Buffer[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"data":`)];
  const rest = createPace(request.signal);
  let pending: string[] = [];
  for (const text of nest(block, cube, shape)) {
    if (pending.push(text) < rowsAtOnce) continue;
    parts.push(Buffer.from(pending.join('')));
    pending = [];
    await rest();
  }
  parts.push(Buffer.from(pending.join('')));
  parts.push(Buffer.from('}'));
  return { ...file, body: Buffer.concat(parts), hasData: isAnyValid(block, cube) };
}

/** JSON for values of every kind and for small data cubes. */
export const json: OutputFormat = {
  name: 'JSON',
  title: 'JSON',
  description:
    'Numbers, texts, arrays and objects as they are, with null for numbers that are not finite. A data cube ' +
    'becomes an object: "dimensions" by name with their labels, "order", and "data" as arrays nested in that order.',
  holds: 'values',
  gisDataTypes: ['raster', 'vector', 'table', 'other'],
  parameters,
  ...file,
  async encode(data: unknown, request: EncodeRequest): Promise<Encoded> {
    readOptions('JSON', parameters, request.options);
    if (isCube(data)) return encodeCube(data, request);
    const body = Buffer.from(JSON.stringify(toJson(data, '', 0)));
    return { ...file, body, hasData: data !== null && data !== undefined };
  },
};
