import type { Plan, PlanArgument } from '../types';

const known = new WeakMap<Plan, boolean>();

/** Whether a plan, or anything that it calls, has a process that only the main thread can run. */
export function staysLocal(plan: Plan): boolean {
  const found = known.get(plan);
  if (found !== undefined) return found;
  const isLocal =
    plan.nodes.some(
      ({ process, body, arguments: args }) =>
        process.module?.isLocal === true ||
        (body !== undefined && staysLocal(body as unknown as Plan)) ||
        [...args.values()].some(holdsLocal),
    ) || [...plan.defaults.values()].some(holdsLocal);
  known.set(plan, isLocal);
  return isLocal;
}

function holdsLocal(argument: PlanArgument): boolean {
  if (argument.kind === 'callback') return staysLocal(argument.plan);
  if (argument.kind === 'array') return argument.items.some(holdsLocal);
  return argument.kind === 'object' && [...argument.entries.values()].some(holdsLocal);
}
