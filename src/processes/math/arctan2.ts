import { elementwise } from '../../kernel/elementwise';

export const { run, kernel, answers } = elementwise({
  operands: ['y', 'x'],
  operation: 'Math.atan2($0, $1)',
});
