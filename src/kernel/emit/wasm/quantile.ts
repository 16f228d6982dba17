import { comparators } from '../../comparators';
import { isInvariant, type Node, type QuantileNode } from '../../nodes';
import type { RankStep } from '../../schedule';
import { isNaNMissing } from '../layout';
import { NoVectors } from './code';
import { asSingle, type Lane, singleLane } from './lanes';
import { Lowering } from './lower';
import { bytesPerPixel, type TableRegion } from './regions';
import type { StepWriter } from './step-writer';

/** More values than this are sorted sooner one pixel after the other. */
export const maxSorted = 64;

/** Values of which some may be missing, in order: missing ones come last, as infinity. */
interface Sorted {
  readonly values: readonly Lane[];
  /** How many are not missing. */
  readonly count: Lane;
  /** Whether one of them is NaN; absent where none can be. */
  readonly hasNaN?: Lane;
}

/** A quantile of few values, as the function `quantile` has it. @throws NoVectors */
export function quantileOf(writer: StepWriter, node: QuantileNode): Lane {
  const [probability, ...operands] = node.operands;
  const items: [Lane, Lane][] = [];
  for (let k = 0; k < operands.length; k += 2)
    items.push([writer.lane(operands[k]), writer.lane(operands[k + 1])]);
  return pick(writer, sort(writer.lowering, items, true), probability);
}

/** Quantiles of a table of planes. @throws NoVectors */
export function writeRank(writer: StepWriter, step: RankStep): void {
  const { layout, lowering, program, regions } = writer;
  const { planes } = step.nodes[0];
  const region = regions.tables.get(step) as TableRegion;
  let offset = region.values;
  const items = planes.map((plane, k): [Lane, Lane] => {
    const { array } = layout.planes[plane];
    const value = writer.load(array, offset);
    offset += bytesPerPixel[array] * regions.capacity;
    const isSet = region.masks === undefined ? undefined : writer.maskAt(region.masks + k * regions.capacity);
    const isNumber = isNaNMissing(layout, plane) ? lowering.binary('===', value, value) : undefined;
    if (isSet && isNumber) return [value, lowering.binary('&&', isSet, isNumber)];
    return [value, isSet ?? isNumber ?? lowering.truth(true)];
  });
  const canBeNaN = planes.some((plane) => !isNaNMissing(layout, plane));
  const sorted = sort(lowering, items, canBeNaN);
  for (const node of step.nodes)
    writer.store(
      'Float64Array',
      regions.buffers[program.spills.get(node) as number],
      pick(writer, sorted, node.operands[0]),
    );
}

function sort(
  lowering: Lowering,
  items: readonly (readonly [value: Lane, isValid: Lane])[],
  canBeNaN: boolean,
): Sorted {
  const counting = new Lowering(lowering.code, 'counting');
  const end = lowering.number(Number.POSITIVE_INFINITY);
  const one = lowering.number(1);
  const values: Lane[] = [];
  let count = lowering.number(0);
  let hasNaN: Lane | undefined;
  for (const [value, isValid] of items) {
    values.push(lowering.select(isValid, value, end));
    count = counting.binary('+', count, lowering.only(isValid, one));
    if (!canBeNaN) continue;
    const isNone = lowering.binary('&&', isValid, lowering.binary('!==', value, value));
    hasNaN = hasNaN ? lowering.binary('||', hasNaN, isNone) : isNone;
  }
  for (const [low, high] of comparators(values.length)) {
    const [x, y] = [values[low], values[high]];
    values[low] = lowering.pick('lesser', x, y);
    // The other one where both are equal.
    values[high] = lowering.pick('greater', y, x);
  }
  return { values, count, hasNaN };
}

/** Interpolates between the two neighbours in order, just as `quantileOfNumbers` does. */
function pick(writer: StepWriter, { values, count, hasNaN }: Sorted, probability: Node): Lane {
  const { lowering, bound, code } = writer;
  const p = isInvariant(probability) ? bound.value(probability) : Number.NaN;
  if (!(p >= 0 && p <= 1)) throw new NoVectors();
  const one = lowering.number(1);
  const none = lowering.number(Number.NaN);
  const position = lowering.binary('*', lowering.binary('-', count, one), writer.lane(probability));
  const floor = lowering.each('floor', position);
  const fraction = lowering.binary('-', position, floor);
  // A small whole number is a float32.
  const index = singleLane(asSingle(code, floor));
  let lower = none;
  let upper = none;
  const last = Math.floor((values.length - 1) * p);
  for (let k = 0; k <= last; k++) {
    const isHere = lowering.binary('===', index, lowering.number(k));
    lower = lowering.select(isHere, values[k], lower);
    if (k + 1 < values.length) upper = lowering.select(isHere, values[k + 1], upper);
  }
  const between = lowering.binary(
    '+',
    lowering.binary('*', lower, lowering.binary('-', one, fraction)),
    lowering.binary('*', upper, fraction),
  );
  const isOne = lowering.binary(
    '||',
    lowering.binary('===', fraction, lowering.number(0)),
    lowering.binary('===', lower, upper),
  );
  const found = lowering.binary('+', lowering.select(isOne, lower, between), lowering.number(0));
  const isEmpty = lowering.binary('===', count, lowering.number(0));
  return lowering.select(hasNaN ? lowering.binary('||', isEmpty, hasNaN) : isEmpty, none, found);
}
