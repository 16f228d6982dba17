import { elementwise } from '../../kernel/elementwise';

/** Clips to the input range, then maps it to the output range. */
export const { run, kernel } = elementwise({
  operands: ['x', 'inputMin', 'inputMax', 'outputMin', 'outputMax'],
  operation: '((($0 < $1 ? $1 : $0 > $2 ? $2 : $0) - $1) / ($2 - $1) * ($4 - $3) + $3)',
});
