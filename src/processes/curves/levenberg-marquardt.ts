/** One curve to fit: where the model is computed, and the values that it should have there. All are finite. */
export interface CurveProblem {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/**
 * Computes a model for many places at once.
 * @param x where, one per value
 * @param parameters for each parameter of the model its value at each place
 */
export type Model = (
  x: Float64Array,
  parameters: readonly Float64Array[],
) => ArrayLike<number> | Promise<ArrayLike<number>>;

const maxRounds = 200;
const firstDamping = 1e-3;
const maxDamping = 1e14;
/** Relative change of the sum of squares below which a step counts as the last one. */
const tolerance = 1e-14;
/** Relative step of the differences that stand for derivatives: the cube root of the machine precision. */
const relativeStep = 6e-6;

interface State {
  readonly problem: CurveProblem;
  parameters: Float64Array;
  /** Sum of the squared differences between values and model. */
  cost: number;
  damping: number;
  /** JᵀJ and Jᵀr at `parameters`, until a step was taken. */
  normal?: { readonly matrix: Float64Array; readonly gradient: Float64Array };
  isDone: boolean;
}

/**
 * Fits one model to many curves by the method of Levenberg and Marquardt, all curves step by step together, so that
 * the model is computed for all of them in one call. (Marquardt 1963: the damping is relative to the diagonal, so
 * that parameters may be of very different sizes.)
 * @param initial where the search begins
 * @returns the parameters of each curve; undefined where a curve has fewer values than parameters, or the model has
 *   no finite value at the start
 */
export async function fitCurves(
  problems: readonly CurveProblem[],
  initial: readonly number[],
  model: Model,
  signal: AbortSignal,
): Promise<(readonly number[] | undefined)[]> {
  const states = problems.map(
    (problem): State => ({
      problem,
      parameters: Float64Array.from(initial),
      cost: Number.NaN,
      damping: firstDamping,
      isDone: problem.x.length < initial.length,
    }),
  );
  const running = () => states.filter(({ isDone }) => !isDone);
  for (let round = 0; round < maxRounds && running().length > 0; round++) {
    signal.throwIfAborted();
    await differentiate(
      running().filter(({ normal }) => !normal),
      model,
    );
    const active = running();
    const steps = active.map(stepOf);
    const costs = await costsAt(active, steps, model);
    active.forEach((state, index) => {
      take(state, steps[index], costs[index]);
    });
  }
  return states.map(({ parameters, cost }) => (Number.isFinite(cost) ? [...parameters] : undefined));
}

/** Puts several sets of parameters per curve into planes and computes the model for all in one call. */
async function evaluate(
  states: readonly State[],
  sets: (state: State, index: number) => readonly Float64Array[],
  model: Model,
): Promise<{ values: ArrayLike<number>; starts: readonly number[] }> {
  const given = states.map(sets);
  const starts: number[] = [];
  let total = 0;
  states.forEach(({ problem }, index) => {
    starts.push(total);
    total += problem.x.length * given[index].length;
  });
  const count = states[0]?.parameters.length ?? 0;
  const x = new Float64Array(total);
  const planes = Array.from({ length: count }, () => new Float64Array(total));
  states.forEach(({ problem }, index) => {
    let position = starts[index];
    for (const set of given[index]) {
      x.set(problem.x as Float64Array, position);
      for (let k = 0; k < count; k++) planes[k].fill(set[k], position, position + problem.x.length);
      position += problem.x.length;
    }
  });
  return { values: total === 0 ? x : await model(x, planes), starts };
}

/** Sets cost, JᵀJ and Jᵀr of curves, with central differences for the derivatives. */
async function differentiate(states: readonly State[], model: Model): Promise<void> {
  if (states.length === 0) return;
  const width = (value: number) => relativeStep * Math.max(Math.abs(value), 1e-4);
  const { values, starts } = await evaluate(
    states,
    ({ parameters }) => [
      parameters,
      ...[...parameters].flatMap((value, k) => [
        parameters.with(k, value + width(value)),
        parameters.with(k, value - width(value)),
      ]),
    ],
    model,
  );
  states.forEach((state, index) => {
    const { problem, parameters } = state;
    const length = problem.x.length;
    const count = parameters.length;
    const matrix = new Float64Array(count * count);
    const gradient = new Float64Array(count);
    const row = new Float64Array(count);
    let cost = 0;
    for (let i = 0; i < length; i++) {
      const at = starts[index] + i;
      const residual = problem.y[i] - values[at];
      cost += residual * residual;
      for (let k = 0; k < count; k++) {
        const value = parameters[k];
        // The step that was really taken, after rounding.
        const taken = value + width(value) - (value - width(value));
        row[k] = (values[at + (2 * k + 1) * length] - values[at + (2 * k + 2) * length]) / taken;
        gradient[k] += row[k] * residual;
        for (let m = 0; m <= k; m++) matrix[k * count + m] += row[k] * row[m];
      }
    }
    state.cost = cost;
    state.normal = { matrix, gradient };
    state.isDone = !Number.isFinite(cost) || !gradient.every(Number.isFinite);
  });
}

/** The parameters after the next step; undefined where the equations cannot be solved. */
function stepOf({ normal, damping, parameters }: State): Float64Array | undefined {
  if (!normal) return undefined;
  const count = parameters.length;
  const damped = Float64Array.from(normal.matrix);
  for (let k = 0; k < count; k++) damped[k * count + k] += damping * Math.max(damped[k * count + k], 1e-30);
  const step = solveCholesky(damped, normal.gradient);
  return step?.map((change, k) => parameters[k] + change);
}

/** Solves A·s = b for a symmetric matrix of which the lower half is given; undefined unless positive definite. */
function solveCholesky(matrix: Float64Array, vector: Float64Array): Float64Array | undefined {
  const count = vector.length;
  const lower = matrix;
  for (let i = 0; i < count; i++)
    for (let j = 0; j <= i; j++) {
      let sum = lower[i * count + j];
      for (let k = 0; k < j; k++) sum -= lower[i * count + k] * lower[j * count + k];
      if (i !== j) lower[i * count + j] = sum / lower[j * count + j];
      else if (sum > 0) lower[i * count + i] = Math.sqrt(sum);
      else return undefined;
    }
  const solution = Float64Array.from(vector);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < i; k++) solution[i] -= lower[i * count + k] * solution[k];
    solution[i] /= lower[i * count + i];
  }
  for (let i = count - 1; i >= 0; i--) {
    for (let k = i + 1; k < count; k++) solution[i] -= lower[k * count + i] * solution[k];
    solution[i] /= lower[i * count + i];
  }
  return solution.every(Number.isFinite) ? solution : undefined;
}

async function costsAt(
  states: readonly State[],
  steps: readonly (Float64Array | undefined)[],
  model: Model,
): Promise<number[]> {
  const { values, starts } = await evaluate(
    states,
    (_, index) => (steps[index] ? [steps[index]] : []),
    model,
  );
  return states.map(({ problem }, index) => {
    if (!steps[index]) return Number.POSITIVE_INFINITY;
    let cost = 0;
    for (let i = 0; i < problem.y.length; i++) {
      const residual = problem.y[i] - values[starts[index] + i];
      cost += residual * residual;
    }
    return cost;
  });
}

/** Goes on from a better place with less damping, stays at the old one with more. */
function take(state: State, step: Float64Array | undefined, cost: number): void {
  if (state.isDone) return;
  if (step && cost <= state.cost) {
    state.isDone = state.cost - cost <= tolerance * state.cost;
    state.parameters = step;
    state.cost = cost;
    state.normal = undefined;
    state.damping = Math.max(state.damping / 10, 1e-12);
    return;
  }
  state.damping *= 10;
  state.isDone = state.damping > maxDamping;
}
