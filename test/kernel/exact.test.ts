import fc from 'fast-check';
import { createKernel } from '../../src/kernel/evaluator';
import { exactNodes } from '../../src/kernel/exact';
import { type Node, NodeTable } from '../../src/kernel/nodes';
import type { Kernel } from '../../src/kernel/operands';

const { signal } = new AbortController();

/** Whether a sum, product or choice of a pixel and a constant is float32 exactly. */
function isExact(template: string, array: string, value: number): boolean {
  const table = new NodeTable(10);
  const node = table.code(template, 'number', [table.load(0, 'number'), table.constant(value)]);
  const constantOf = ({ op }: Node) => (op === 'constant' ? value : Number.NaN);
  return exactNodes(table.nodes, constantOf, () => array).has(node);
}

describe('sums and products of small whole numbers', () => {
  test.each([
    ['($0 + $1)', 'Uint16Array', 10_000, true],
    ['($0 * $1)', 'Uint16Array', 7.5, true],
    ['($0 * $1)', 'Uint8Array', 65_793, true],
    ['($0 - $1)', 'Int16Array', -0.25, true],
    ['(-Math.abs($0) * $1)', 'Int8Array', -131_072, true],
    ['($0 > $1 ? $0 : $1)', 'Uint8Array', 3, true],
    // One more than 24 digits hold.
    ['($0 + $1)', 'Uint16Array', 2 ** 24 - 65_534, false],
    ['($0 + $1)', 'Uint16Array', 2 ** 24 - 65_535, true],
    ['($0 * $1)', 'Uint16Array', 257, false],
    ['($0 + $1)', 'Uint16Array', 2 ** -10, false],
    // What is compared counts as well.
    ['($0 > 0.1 ? $0 : $1)', 'Uint8Array', 3, false],
    ['($0 * $1)', 'Uint8Array', 0.1, false],
    ['($0 / $1)', 'Uint8Array', 2, false],
    ['Math.sqrt($0 * $1)', 'Uint8Array', 2, false],
    ['($0 + $1)', 'Uint8Array', Number.NaN, false],
    ['($0 * $1)', 'Uint8Array', Infinity, false],
    ['($0 + $1)', 'Uint32Array', 1, false],
    ['($0 + $1)', 'Float32Array', 1, false],
  ])('%s of a %s and %d: %s', (template, array, value, expected) => {
    expect(isExact(template, array, value)).toBe(expected);
  });

  test('are the same to the last bit in cubes of 16 bits, whatever is computed from them', async () => {
    const constants = fc.constantFrom(0, 1, -1, 6, 7.5, 2.5, 255, 257, 1000, 10_000, 65_535, 0.1, 2 ** 20);
    const steps = fc.array(fc.tuple(fc.constantFrom('+', '-', '*'), fc.boolean(), constants), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(Uint8Array, Int16Array, Uint16Array), async (list, type) => {
        // Whole numbers ask for all digits of what goes into them.
        const kernel: Kernel = (args, build) => {
          const [x, y] = build.scalars([args.get('x'), args.get('y')], 'number')!;
          let value = x.node;
          for (const [operator, withPlane, constant] of list)
            value = build.table.code(
              `($0 ${operator} $1)`,
              'number',
              [value, withPlane ? y.node : build.table.constant(constant)],
              true,
            );
          return build.always(build.node('Math.floor($0)', 'number', [value]));
        };
        const input = { kind: 'plane', dataType: 'uint16' } as const;
        const inputs = new Map([
          ['x', input],
          ['y', input],
        ]);
        const evaluator = createKernel(kernel, { inputs, missing: 'mask' });
        const [x, y] = [7, 13].map((factor) => {
          const plane = new type(1500);
          for (let i = 0; i < plane.length; i++) plane[i] = (i * i * factor + i) % 65_536;
          return plane;
        });
        const planes = new Map([
          ['x', { data: [x] }],
          ['y', { data: [y] }],
        ]);
        const result = (await evaluator.run(planes, 1500, signal)).data[0] as Float32Array;
        const expected = Float32Array.from(x, (first, i) => {
          let value = first;
          for (const [operator, withPlane, constant] of list) {
            const other = withPlane ? y[i] : constant;
            value = operator === '+' ? value + other : operator === '-' ? value - other : value * other;
          }
          return Math.floor(value);
        });
        expect(result.findIndex((value, i) => !Object.is(value, expected[i]))).toBe(-1);
      }),
      { numRuns: 200 },
    );
  });
});
