import { elementwise } from '../../kernel/elementwise';

export const { run, kernel, answers } = elementwise({ operands: ['p'], operation: 'Math.exp($0)' });
