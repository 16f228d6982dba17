import type { Dataset } from 'h5wasm';
import type { NumericArray } from '../../../cube';
import type { VariableInfo, VariableReader, VariableValues } from './types';

/** Where the library keeps the file: in its own memory, from where no other file can be reached. */
const path = '/file.h5';

/** What we use of the library's own module. */
interface Library {
  readonly FS: { writeFile(path: string, bytes: Uint8Array): void };
  activate_throwing_error_handler(): number;
}

type Attributes = Map<string, unknown>;

function attributesOf(entity: Pick<Dataset, 'attrs'>): Attributes {
  const found: Attributes = new Map();
  for (const [name, attribute] of Object.entries(entity.attrs)) {
    // References between variables are followed by other means; records are of no use here.
    const { type } = attribute.metadata;
    if (type > 3) continue;
    const value: unknown = attribute.value;
    found.set(name, ArrayBuffer.isView(value) ? Array.from(value as Float64Array, Number) : value);
  }
  return found;
}

function typeOf({ metadata }: Dataset): Pick<VariableInfo, 'kind' | 'type'> {
  // H5T_INTEGER, H5T_FLOAT and H5T_STRING
  if (metadata.type === 0)
    return { kind: 'number', type: `${metadata.signed ? '' : 'u'}int${metadata.size * 8}` };
  if (metadata.type === 1 && metadata.size >= 4) return { kind: 'number', type: `float${metadata.size * 8}` };
  return { kind: metadata.type === 3 ? 'text' : 'other', type: '' };
}

function valuesOf(dataset: Dataset): VariableValues {
  const value: unknown = dataset.value;
  if (value instanceof BigInt64Array || value instanceof BigUint64Array)
    return Float64Array.from(value, Number);
  if (ArrayBuffer.isView(value)) return value as NumericArray;
  if (Array.isArray(value)) return value.map((item) => String(item).replace(/\0+$/, ''));
  if (typeof value === 'string') return [value];
  return Float64Array.of(Number(value));
}

/** The variables in the root group of an HDF5 file, such as one of netCDF-4. @throws Error */
export async function readHdf5(bytes: Uint8Array): Promise<VariableReader> {
  const { default: h5wasm } = await import('h5wasm');
  const library = (await h5wasm.ready) as unknown as Library;
  // What cannot be read would come back as zeros.
  library.activate_throwing_error_handler();
  library.FS.writeFile(path, bytes);
  const file = new h5wasm.File(path, 'r');
  const datasets = new Map<string, Dataset>();
  for (const name of file.keys()) {
    const entity = file.get(name);
    if (entity instanceof h5wasm.Dataset) datasets.set(name, entity);
  }
  const variables = [...datasets].map(([name, dataset]): VariableInfo => {
    const shape = dataset.shape ?? [];
    const attributes = attributesOf(dataset);
    const isScale = String(attributes.get('CLASS') ?? '').startsWith('DIMENSION_SCALE');
    const dimensions = shape.map((_, axis) => {
      if (isScale && shape.length === 1) return name;
      const [scale] = dataset.get_attached_scales(axis);
      return scale?.replace(/^\//, '') ?? `${name}_${axis}`;
    });
    return { name, shape, dimensions, ...typeOf(dataset), attributes };
  });
  return { variables, read: async (name) => valuesOf(datasets.get(name)!) };
}
