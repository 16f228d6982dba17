import { elementwise } from '../../kernel/elementwise';

/** As IEEE 754 has it: 1 to the power of anything and anything to the power of 0 are 1, also where one is NaN. */
export const { run, kernel, answers } = elementwise({
  operands: ['base', 'p'],
  operation: '($0 === 1 || $0 === -1 && ($1 === Infinity || $1 === -Infinity) ? 1 : $0 ** $1)',
  keepsNaN: false,
});
