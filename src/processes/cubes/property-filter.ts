import type { Callback, PlanArgument, PlanNode } from '../../graph/types';
import type { Cql2 } from '../../store/catalog/types';

/** An expression, and of how many comparisons it is made. */
interface Term {
  readonly expression: Cql2;
  readonly size: number;
}

/**
 * What has to hold of the property for a node to be true, and for it to be false. Absent: nothing is known.
 * Both only ever allow too much: what can't be said in CQL2, or not surely, is left out.
 */
interface Known {
  readonly whenTrue?: Term;
  readonly whenFalse?: Term;
}

type Scalar = string | number | boolean;

/** Longer conditions are checked here alone: nodes with several readers are written out for each of them. */
const maxSize = 200;
const nothing: Known = {};

/**
 * Names that a server takes for a property of items. Other fields of an item (`id`, …) go by their own name in CQL2,
 * and a dot may be read as a path.
 */
function isProperty(name: string): boolean {
  return (
    /^[A-Za-z_][\w:-]*$/.test(name) &&
    !['id', 'type', 'collection', 'geometry', 'bbox', 'assets', 'links', 'properties'].includes(name)
  );
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

/**
 * A text that is like no number, truth value or instant. Servers that convert before they compare may find `"5"` equal
 * to 5, or instants of other spelling; where equal values are dropped, that would be too many.
 */
function isPlainText(value: unknown): value is string {
  return typeof value === 'string' && /^(?!(?:true|false|null)$)[a-z]/i.test(value);
}

function all(op: 'and' | 'or', terms: readonly (Term | undefined)[]): Term | undefined {
  const known = terms.filter((term) => term !== undefined);
  // "or" says nothing as soon as one side may be anything.
  if (known.length === 0 || (op === 'or' && known.length < terms.length)) return undefined;
  const size = known.reduce((sum, term) => sum + term.size, 0);
  if (size > maxSize) return undefined;
  return known.length === 1
    ? known[0]
    : { expression: { op, args: known.map(({ expression }) => expression) }, size };
}

const orders = new Map([
  ['gt', '>'],
  ['gte', '>='],
  ['lt', '<'],
  ['lte', '<='],
]);
const mirrored = new Map([
  ['>', '<'],
  ['>=', '<='],
  ['<', '>'],
  ['<=', '>='],
]);

/** Translates one condition, node by node in the order of the plan. */
class Translation {
  readonly #nodes = new Map<string, Known>();

  constructor(
    private readonly property: string,
    private readonly callback: Callback,
  ) {}

  run(): Term | undefined {
    const { nodes, result } = this.callback.plan;
    for (const node of nodes) this.#nodes.set(node.id, this.#translate(node));
    return this.#nodes.get(result)?.whenTrue;
  }

  #translate(node: PlanNode): Known {
    // Other processes of the same name may mean something else.
    if (node.process.namespace !== 'backend' || !node.process.module) return nothing;
    const { id } = node.process;
    if (id === 'eq' || id === 'neq') return this.#equality(node, id === 'neq');
    if (id === 'between') return { whenTrue: this.#between(node) };
    if (id === 'array_contains') return this.#contains(node);
    const order = orders.get(id);
    if (order) return { whenTrue: this.#order(node, order) };
    const [x, y] = ['x', 'y'].map((name) => this.#known(node.arguments.get(name)));
    if (id === 'not') return { whenTrue: x.whenFalse, whenFalse: x.whenTrue };
    if (id !== 'and' && id !== 'or') return nothing;
    const [whenTrue, whenFalse] = id === 'and' ? (['and', 'or'] as const) : (['or', 'and'] as const);
    return {
      whenTrue: all(whenTrue, [x.whenTrue, y.whenTrue]),
      whenFalse: all(whenFalse, [x.whenFalse, y.whenFalse]),
    };
  }

  /** Absent properties are neither equal nor unequal to anything, in openEO as in CQL2. */
  #equality(node: PlanNode, isNegated: boolean): Known {
    const { delta, case_sensitive } = Object.fromEntries(node.arguments);
    if (delta && this.#constant(delta) !== null) return nothing;
    if (case_sensitive && this.#constant(case_sensitive) !== true) return nothing;
    const { constant } = this.#sides(node);
    if (!isScalar(constant)) return nothing;
    const same = this.#compare('=', constant);
    const other = isPlainText(constant) ? this.#compare('<>', constant) : undefined;
    return isNegated ? { whenTrue: other, whenFalse: same } : { whenTrue: same, whenFalse: other };
  }

  /** Of numbers: texts have no order in openEO. */
  #order(node: PlanNode, order: string): Term | undefined {
    const { constant, isMirrored } = this.#sides(node);
    if (!Number.isFinite(constant)) return undefined;
    return this.#compare((isMirrored && mirrored.get(order)) || order, constant as number);
  }

  #between(node: PlanNode): Term | undefined {
    const [min, max, excludesMax] = ['min', 'max', 'exclude_max'].map((name) =>
      this.#constant(node.arguments.get(name)),
    );
    if (!this.#isValue(node.arguments.get('x')) || !Number.isFinite(min) || !Number.isFinite(max))
      return undefined;
    return all('and', [
      this.#compare('>=', min as number),
      this.#compare(excludesMax === true ? '<' : '<=', max as number),
    ]);
  }

  /** Comparisons one by one: `in` is not among what every server with filters knows. */
  #contains(node: PlanNode): Known {
    const data = this.#constant(node.arguments.get('data'));
    if (!Array.isArray(data) || data.length > maxSize || !this.#isValue(node.arguments.get('value')))
      return nothing;
    // Nothing else is equal to a value.
    const items = data.filter(isScalar);
    const isAbsent = { expression: { op: 'isNull', args: [{ property: this.property }] }, size: 1 };
    const others = items.map((item) => this.#compare('<>', item));
    return {
      whenTrue: all(
        'or',
        items.map((item) => this.#compare('=', item)),
      ),
      whenFalse: items.every(isPlainText) ? all('or', [isAbsent, all('and', others)]) : undefined,
    };
  }

  #compare(op: string, value: Scalar): Term {
    return { expression: { op, args: [{ property: this.property }, value] }, size: 1 };
  }

  /** What the property is compared with by `x` and `y`; undefined where it is not one of them. */
  #sides({ arguments: args }: PlanNode): { readonly constant?: unknown; readonly isMirrored?: boolean } {
    if (this.#isValue(args.get('x'))) return { constant: this.#constant(args.get('y')) };
    if (this.#isValue(args.get('y'))) return { constant: this.#constant(args.get('x')), isMirrored: true };
    return {};
  }

  #isOwn(name: string): boolean {
    return this.callback.parameters.includes(name);
  }

  #isValue(argument: PlanArgument | undefined): boolean {
    return argument?.kind === 'parameter' && argument.name === 'value' && this.#isOwn('value');
  }

  #known(argument: PlanArgument | undefined): Known {
    return (argument?.kind === 'node' && this.#nodes.get(argument.node)) || nothing;
  }

  /** A value that is the same for all items; undefined where it is not known before the callback runs. */
  #constant(argument: PlanArgument | undefined): unknown {
    if (argument?.kind === 'literal') return argument.value;
    if (argument?.kind === 'array') {
      const items = argument.items.map((item) => this.#constant(item));
      return items.includes(undefined) ? undefined : items;
    }
    if (argument?.kind !== 'parameter' || this.#isOwn(argument.name)) return undefined;
    try {
      return this.callback.lookup(argument.name);
    } catch {
      // Told where the callback itself asks for it.
      return undefined;
    }
  }
}

/**
 * What items have to fulfil to meet conditions on their properties, as CQL2-JSON (OGC 21-065r2) of its class "Basic
 * CQL2". Every item that meets the conditions fulfils it; others may, too, so they stay to be checked.
 * @returns undefined where nothing of the conditions can be said
 */
export function propertyFilter(conditions: readonly (readonly [string, Callback])[]): Cql2 | undefined {
  const terms = conditions.map(([property, condition]) =>
    isProperty(property) ? new Translation(property, condition).run() : undefined,
  );
  return all('and', terms)?.expression;
}
