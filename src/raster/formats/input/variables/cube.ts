import type { Crs } from '../../../../geo/types';
import type { Cube, DataType, Dimension, NumericArray } from '../../../cube';
import { product } from '../../../layers';
import { assembleCube } from '../assemble';
import { refuseMany } from '../limits';
import type { LoadRequest } from '../types';
import { number, text } from './attributes';
import { chooseVariables } from './choose';
import { crsOf, dimensionOf } from './dimensions';
import type { VariableInfo, VariableReader, VariableValues } from './types';

/** Bands of our own files have kept their labels; names of variables are more restricted. */
function labelOf(variable: VariableInfo): string {
  return (variable.attributes.has('band_index') && text(variable, 'long_name')) || variable.name;
}

const types = new Set(['uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'float32', 'float64']);

interface Plane {
  readonly data: NumericArray;
  readonly valid?: Uint8Array;
  readonly type: DataType;
}

/** Values with their no-data taken out and their packing undone (CF 8.1). */
function unpack(variable: VariableInfo, raw: VariableValues): Plane {
  const source = raw as NumericArray;
  const scale = number(variable, 'scale_factor') ?? 1;
  const offset = number(variable, 'add_offset') ?? 0;
  const fills = ['_FillValue', 'missing_value']
    .map((name) => number(variable, name))
    .filter((fill) => fill !== undefined && !Number.isNaN(fill));
  const isPacked = scale !== 1 || offset !== 0;
  const type = (types.has(variable.type) && !isPacked ? variable.type : 'float64') as DataType;
  const isFloat = type.startsWith('float');
  const data = isFloat && type !== variable.type ? Float64Array.from(source) : source.slice();
  let valid: Uint8Array | undefined;
  if (fills.length > 0 && !isFloat) valid = new Uint8Array(data.length).fill(1);
  if (fills.length > 0 || isPacked)
    for (let i = 0; i < data.length; i++) {
      const value = source[i];
      if (fills.includes(value)) {
        if (valid) valid[i] = 0;
        else data[i] = Number.NaN;
      } else if (isPacked) data[i] = value * scale + offset;
    }
  return { data, ...(valid && { valid }), type };
}

/** What a value takes: as it is stored, unpacked and in the cube, with its validity. */
const valueBytes = 24;

/**
 * The variables of a file as one cube; those with the same dimensions are its bands.
 * @throws ProcessException `FormatUnsuitable`; OpenEOError `ProcessGraphComplexity`
 */
export async function cubeOfVariables(
  reader: VariableReader,
  wanted: readonly string[] | null,
  {
    maxValues,
    version,
    crs: given,
    claim,
  }: Pick<LoadRequest, 'maxValues' | 'claim'> & { readonly version: string; readonly crs?: Crs },
): Promise<Cube> {
  const chosen = chooseVariables(reader.variables, wanted);
  const [first] = chosen;
  const length = product(first.shape);
  refuseMany(
    length * chosen.length,
    maxValues,
    `A cube of ${chosen.length} variables`,
    'Choose "variables".',
  );
  await claim?.(length * chosen.length * valueBytes);
  const dimensions: Dimension[] = [];
  for (const [axis, name] of first.dimensions.entries())
    dimensions.push(await dimensionOf(name, first.shape[axis], reader));
  const planes: Plane[] = [];
  for (const variable of chosen) planes.push(unpack(variable, await reader.read(variable.name)));
  const type = planes.every((plane) => plane.type === planes[0].type) ? planes[0].type : 'float64';
  const isMasked = planes.some(({ valid }) => valid);
  const data =
    type === 'float64'
      ? new Float64Array(length * planes.length)
      : (new (planes[0].data.constructor as Float64ArrayConstructor)(length * planes.length) as NumericArray);
  const valid = isMasked ? new Uint8Array(data.length).fill(1) : undefined;
  planes.forEach((plane, index) => {
    data.set(plane.data, index * length);
    if (plane.valid) valid?.set(plane.valid, index * length);
    else if (valid && plane.type.startsWith('float'))
      for (let i = 0; i < length; i++) if (Number.isNaN(plane.data[i])) valid[index * length + i] = 0;
  });
  // What has no bands is written as "data" here.
  const hasBands = chosen.length > 1 || first.name !== 'data';
  const bands: Dimension = { type: 'bands', name: 'bands', labels: chosen.map(labelOf) };
  const crs = crsOf(reader.variables, first, given);
  return assembleCube({
    dimensions: [...(hasBands ? [bands] : []), ...dimensions],
    data,
    ...(valid && { valid }),
    dataType: type,
    ...(crs && { crs }),
    version,
  });
}
