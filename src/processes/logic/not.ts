import { elementwise } from '../../kernel/elementwise';

export const { run, kernel, answers } = elementwise({
  operands: ['x'],
  takes: 'boolean',
  gives: 'boolean',
  operation: '(!$0)',
});
