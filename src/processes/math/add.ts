import { elementwise } from '../../kernel/elementwise';

export const { run, kernel, answers } = elementwise({ operands: ['x', 'y'], operation: '($0 + $1)' });
