import fc from 'fast-check';
import type { Cube } from '../../../../src/raster/cube';
import { bands, callback, cubeOf, describeCube, type Form, from, gridOf, readAll, times } from '../kit';

const grid = gridOf(3, 2);
export const t = times('2024-01-01', '2024-02-01', '2024-03-01');
export const b = bands('a', 'b');
export const values = (count: number) =>
  fc.array(fc.option(fc.integer({ min: -50, max: 50 })), { minLength: count, maxLength: count });
export const form = fc.constantFrom<Form>('nan', 'mask');
export const cube = (dimensions: Parameters<typeof cubeOf>[0], data: unknown[], kind: Form) =>
  cubeOf(dimensions, data, { form: kind, grid });
export const binary = (process: string) => callback(process, { x: from('x'), y: from('y') });

export async function same(one: Cube, other: Cube): Promise<void> {
  expect(describeCube(one)).toEqual(describeCube(other));
  expect(await readAll(one)).toEqual(await readAll(other));
}

export const law = (name: string, property: fc.IAsyncProperty<unknown>) =>
  test(name, () => fc.assert(property as fc.IAsyncProperty<unknown>, { numRuns: 20 }));
