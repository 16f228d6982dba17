import { elementwise } from '../../kernel/elementwise';

export const { run, kernel, answers } = elementwise({
  operands: ['x', 'y'],
  takes: 'boolean',
  gives: 'boolean',
  operation: '($0 !== $1)',
});
