import type { DataType } from '../cube';
import type { SceneBand } from '../source';
import type { TiffFile } from '../tiff/open';
import type { Missing } from '../warp/patch';

const maxFloat32 = 3.4028234663852886e38;

/** What the numbers of a band mean: the collection's word, else the file's. */
export interface BandMeaning {
  readonly dataType: DataType;
  /** As stored in the file. */
  readonly nodata?: number;
  readonly scale: number;
  readonly offset: number;
  readonly isScaled: boolean;
}

/** Joins what the catalogue and the file say of a band. */
export function bandMeaning(band: SceneBand, file: TiffFile): BandMeaning {
  const inFile = file.samples.get(band.sample);
  const nodata = band.nodata ?? file.nodata;
  const scale = band.scale ?? inFile?.scale ?? 1;
  const offset = band.offset ?? inFile?.offset ?? 0;
  return {
    dataType: file.dataType,
    ...(nodata !== undefined && { nodata }),
    scale,
    offset,
    isScaled: scale !== 1 || offset !== 0,
  };
}

/** The no-data value as it comes out of the file's numbers: 32-bit floats are not what their text says. */
export function missingOf({ dataType, nodata }: BandMeaning): Missing {
  const isFloat = dataType === 'float32' || dataType === 'float64';
  if (nodata === undefined || Number.isNaN(nodata))
    return { nodata: Number.NaN, isNan: isFloat && nodata !== undefined };
  if (dataType !== 'float32') return { nodata, isNan: false };
  const isExtreme = Number.isFinite(nodata) && Math.abs(nodata) > 3.4028e38;
  return { nodata: isExtreme ? Math.sign(nodata) * maxFloat32 : Math.fround(nodata), isNan: false };
}

/** True where NaN can be a value of its own, beside no-data: floats that don't declare NaN as no-data. */
export function needsMask({ dataType, nodata }: BandMeaning): boolean {
  const isFloat = dataType === 'float32' || dataType === 'float64';
  return isFloat && !(nodata !== undefined && Number.isNaN(nodata));
}

/** The type that holds the values of both. */
export function commonType(one: DataType, other: DataType): DataType {
  if (one === other) return one;
  const bits = (type: DataType) => Number(/\d+$/.exec(type)?.[0] ?? 64);
  const isFloat = (type: DataType) => type.startsWith('float');
  const isSigned = (type: DataType) => type.startsWith('int');
  const widest = Math.max(bits(one), bits(other));
  if (isFloat(one) || isFloat(other))
    return widest > 32 || bits(isFloat(one) ? other : one) === 32 ? 'float64' : 'float32';
  if (isSigned(one) === isSigned(other))
    return (isSigned(one) ? `int${widest}` : `uint${widest}`) as DataType;
  const unsigned = bits(isSigned(one) ? other : one);
  const needed = Math.max(unsigned * 2, bits(isSigned(one) ? one : other));
  return needed > 32 ? 'float64' : (`int${needed}` as DataType);
}

/** True where 32-bit floats don't hold all values. */
export function isWide(dataType: DataType): boolean {
  return dataType === 'uint32' || dataType === 'int32' || dataType === 'float64';
}
