import type { Builder } from '../../kernel/builder';
import type { ValueType } from '../../kernel/nodes';
import { arrayItems, type Operand, type Scalar } from '../../kernel/operands';

/** The elements of an array operand as values of one type per pixel. */
export function itemsOf(data: Operand | undefined, type: ValueType, build: Builder): Scalar[] | undefined {
  const array = arrayItems(data);
  return array && build.scalars(array.items, type);
}

/** The elements as values of the type that they have in common; a null can be of any. */
export function uniformItems(data: Operand | undefined, build: Builder): Scalar[] | undefined {
  return itemsOf(data, 'number', build) ?? itemsOf(data, 'boolean', build);
}
