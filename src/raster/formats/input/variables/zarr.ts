import { gunzipSync, inflateSync } from 'node:zlib';
import type { NumericArray } from '../../../cube';
import { forEachIndex, product, strides } from '../../../layers';
import type { VariableInfo, VariableReader, VariableValues } from './types';
import { unzip } from './unzip';

/** As many as HDF5 allows. */
const maxDimensions = 32;
const maxChunks = 100_000;

type Zarr = typeof import('zarrita');
type ZarrArray = Awaited<ReturnType<Zarr['open']>> & { readonly kind: 'array' };

/** Decompression that ends where the file may not take more memory, in place of the library's own. */
function boundCodecs({ registry }: Zarr, maxBytes: number): void {
  const bounded =
    (inflate: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array) => () => ({
      fromConfig: () => ({
        kind: 'bytes_to_bytes' as const,
        encode(): never {
          throw new Error('nothing is written here');
        },
        decode: async (bytes: Uint8Array) => new Uint8Array(inflate(bytes, { maxOutputLength: maxBytes })),
      }),
    });
  for (const prefix of ['', 'numcodecs.']) {
    registry.set(`${prefix}zlib`, bounded(inflateSync) as never);
    registry.set(`${prefix}gzip`, bounded(gunzipSync) as never);
  }
}

/** The folder in the archive that is the store. */
function rootOf(names: readonly string[]): string {
  const roots = names.flatMap(
    (name) =>
      /^(.*\/)?(?:\.zgroup|zarr\.json|\.zmetadata)$/.exec(name)?.[1] ??
      (/^(?:\.zgroup|zarr\.json|\.zmetadata)$/.test(name) ? '' : []),
  );
  const [root] = roots.sort((one, other) => one.length - other.length);
  if (root === undefined) throw new Error('the archive holds no Zarr group');
  return root;
}

function typeOf(dtype: string): Pick<VariableInfo, 'kind' | 'type'> {
  if (/^u?int(8|16|32|64)$|^float(32|64)$/.test(dtype)) return { kind: 'number', type: dtype };
  if (dtype === 'bool') return { kind: 'number', type: 'uint8' };
  return { kind: /^(v2:[US]|string)/.test(dtype) ? 'text' : 'other', type: '' };
}

interface Chunk {
  readonly data: Iterable<unknown> & ArrayLike<unknown>;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

/** Values in C order, whatever order the file has. */
function valuesOf({ data, shape, stride }: Chunk, kind: VariableInfo['kind']): VariableValues {
  const plain: ArrayLike<unknown> =
    data instanceof BigInt64Array || data instanceof BigUint64Array
      ? Float64Array.from(data, Number)
      : ArrayBuffer.isView(data)
        ? data
        : Array.from(data, (value) => (typeof value === 'boolean' ? Number(value) : String(value)));
  const values =
    kind === 'number' && !ArrayBuffer.isView(plain) ? Uint8Array.from(plain as ArrayLike<number>) : plain;
  const own = strides(shape);
  if (stride.every((step, axis) => step === own[axis] || shape[axis] <= 1)) return values as VariableValues;
  const ordered = (
    Array.isArray(values) ? new Array<string>(product(shape)) : (values as Float64Array).slice()
  ) as string[];
  let to = 0;
  forEachIndex(shape, (index) => {
    ordered[to++] = values[index.reduce((sum, at, axis) => sum + at * stride[axis], 0)] as string;
  });
  return ordered as unknown as NumericArray;
}

/**
 * Each chunk is looked up by itself, also where none is stored, and what cubes are turned into nests by dimensions.
 * @throws Error for what no array can be, or too many chunks or dimensions
 */
function checkShape(name: string, { shape, chunks }: Pick<ZarrArray, 'shape' | 'chunks'>): void {
  const areCounts = (list: unknown, least: number) =>
    Array.isArray(list) && list.every((count) => Number.isSafeInteger(count) && count >= least);
  if (!areCounts(shape, 0) || !areCounts(chunks, 1) || shape.length !== chunks.length)
    throw new Error(`the shape of ${name} is not valid`);
  if (shape.length > maxDimensions) throw new Error(`${name} has more than ${maxDimensions} dimensions`);
  if (product(shape.map((count, axis) => Math.ceil(count / chunks[axis]))) > maxChunks)
    throw new Error(`${name} has more than ${maxChunks} chunks`);
}

/** The arrays of a Zarr group (version 2 or 3) in a ZIP file. @throws Error */
export async function readZarr(bytes: Uint8Array, maxBytes: number): Promise<VariableReader> {
  const zarr = await import('zarrita');
  boundCodecs(zarr, maxBytes);
  const archive = unzip(bytes, maxBytes);
  const folder = rootOf(archive.names);
  const store = { get: async (key: string) => archive.get(folder + key.replace(/^\//, '')) };
  const root = zarr.root(store);
  const names = new Set(
    archive.names
      .filter((name) => name.startsWith(folder))
      .flatMap((name) => /^([^/]+)\/(?:\.zarray|zarr\.json)$/.exec(name.slice(folder.length))?.[1] ?? []),
  );
  const arrays = new Map<string, { array: ZarrArray; info: VariableInfo }>();
  for (const name of names) {
    const array = (await zarr.open(root.resolve(name))) as ZarrArray;
    if (array.kind !== 'array') continue;
    checkShape(name, array);
    if (product(array.chunks) * 8 > maxBytes) throw new Error(`the chunks of ${name} are too large`);
    const attributes = new Map(Object.entries(array.attrs as Record<string, unknown>));
    const { fillValue } = array;
    if (!attributes.has('_FillValue') && fillValue !== null && fillValue !== undefined)
      attributes.set('_FillValue', typeof fillValue === 'bigint' ? Number(fillValue) : fillValue);
    const named = attributes.get('_ARRAY_DIMENSIONS') ?? array.dimensionNames;
    const dimensions = array.shape.map((_, axis) =>
      String((Array.isArray(named) ? named[axis] : undefined) ?? `${name}_${axis}`),
    );
    const info = { name, shape: array.shape, dimensions, ...typeOf(array.dtype), attributes };
    arrays.set(name, { array, info });
  }
  return {
    variables: [...arrays.values()].map(({ info }) => info),
    async read(name) {
      const { array, info } = arrays.get(name)!;
      const chunk: unknown = await zarr.get(array);
      if (info.shape.length === 0)
        return info.kind === 'text' ? [String(chunk)] : Float64Array.of(Number(chunk));
      return valuesOf(chunk as Chunk, info.kind);
    },
  };
}
