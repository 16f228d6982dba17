import { OpenEOError, ProcessException } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { NumericArray } from '../../raster/cube';
import { type Cube, type Dimension, isHorizontal } from '../../raster/cube';
import { allIndices, labelCount } from '../../raster/layers';
import type { ProcessContext } from '../context';
import { asCallback, type ValueCallback } from '../cubes/cube-callbacks';
import { replaceAlong } from '../cubes/replace-along';
import { createModel, placeOf } from './curve-model';
import type { Model } from './levenberg-marquardt';

const process = 'predict_curve';

/** A window needs the parameters of its pixels. */
export function run(args: Arguments, { signal }: Pick<ProcessContext, 'signal'>): Cube {
  const labels = args.labels as readonly (number | string)[] | null;
  if (labels === null)
    throw new OpenEOError('ProcessParameterInvalid', {
      process,
      parameter: 'labels',
      reason: 'a cube of parameters has no values to fill in: name the labels to predict values for.',
    });
  const cube = args.parameters as Cube;
  const target = args.dimension as string;
  const source = parameterDimension(cube, target);
  const places = labels.map((label) => placeOf(label, process, 'labels'));
  const count = labelCount(source);
  return replaceAlong(cube, {
    source: source.name,
    target,
    isOther: false,
    count: labels.length,
    wanted: allIndices(count),
    dimensions: cube.dimensions.map((dimension) =>
      dimension.name === source.name ? predicted(target, labels) : dimension,
    ),
    callback: predict(createModel(asCallback(args.function), count, signal), places, cube),
  });
}

/** @throws ProcessException `DimensionNotAvailable` */
function parameterDimension(cube: Cube, name: string): Dimension {
  const own = cube.dimensions.find((dimension) => dimension.name === name);
  const others = cube.dimensions.filter(({ type }) => type === 'other');
  const found = own ?? (others.length === 1 ? others[0] : undefined);
  if (found && !isHorizontal(cube, found)) return found;
  throw new ProcessException(
    'DimensionNotAvailable',
    `The parameters have to be in the dimension "${name}" or in the only dimension of the type "other"; ` +
      `the dimensions are: ${cube.dimensions.map((dimension) => `${dimension.name} (${dimension.type})`).join(', ') || 'none'}.`,
  );
}

function predicted(name: string, labels: readonly (number | string)[]): Dimension {
  const isTime = labels.length > 0 && labels.every((label) => typeof label === 'string');
  return isTime ? { type: 'temporal', name, labels } : { type: 'other', name, labels };
}

/** Computes the model at each place from the planes of parameters; pixels without one of them have no value. */
function predict(model: Model, places: readonly number[], cube: Cube): ValueCallback {
  return {
    dataType: 'float64',
    missing: cube.missing,
    async run(planes, count, signal) {
      const { data, valid = [] } = planes.get('data') ?? { data: [] };
      const parameters = data.map((plane) => Float64Array.from(plane as NumericArray));
      const isMissing = new Uint8Array(count);
      parameters.forEach((plane, k) => {
        for (let i = 0; i < count; i++) if (valid[k]?.[i] === 0 || Number.isNaN(plane[i])) isMissing[i] = 1;
      });
      const results: Float64Array[] = [];
      for (const place of places) {
        signal.throwIfAborted();
        const values = await model(new Float64Array(count).fill(place), parameters);
        results.push(
          Float64Array.from(values, (value, i) => (isMissing[i] ? Number.NaN : (value as number))),
        );
      }
      if (cube.missing === 'nan') return { data: results };
      return { data: results, valid: results.map(() => isMissing.map((missing) => 1 - missing)) };
    },
  };
}
