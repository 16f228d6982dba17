import type { Plan, PlanArgument, RegisteredProcess } from '../graph/types';

/** Where a graph calls a process. */
export interface Caller {
  /** The node with what leads to it, outermost first; of calls in a callback, the node that calls that. */
  readonly path: readonly string[];
  /** Whether it is called as often as a callback is. */
  readonly isRepeated: boolean;
}

function* callbacksOf(argument: PlanArgument): Generator<Plan> {
  if (argument.kind === 'callback') yield argument.plan;
  else if (argument.kind === 'array') for (const item of argument.items) yield* callbacksOf(item);
  else if (argument.kind === 'object')
    for (const entry of argument.entries.values()) yield* callbacksOf(entry);
}

/** Where a plan, or anything inside it, calls a process of this server that the test accepts. */
export function* callersOf(
  plan: Plan,
  test: (process: RegisteredProcess) => boolean,
  around: readonly string[] = [],
): Generator<Caller> {
  const repeated = function* (inner: Plan, path: readonly string[]): Generator<Caller> {
    if (calls(inner, test)) yield { path, isRepeated: true };
  };
  for (const { id, process, body, arguments: given } of plan.nodes) {
    const path = [...around, id];
    if (body) yield* callersOf(body, test, path);
    else if (test(process)) yield { path, isRepeated: false };
    for (const argument of given.values())
      for (const inner of callbacksOf(argument)) yield* repeated(inner, path);
  }
  for (const argument of plan.defaults.values())
    for (const inner of callbacksOf(argument)) yield* repeated(inner, around);
}

/** True where a plan, or anything inside it, calls such a process. */
export function calls(plan: Plan, test: (process: RegisteredProcess) => boolean): boolean {
  return !callersOf(plan, test).next().done;
}
