import { elementwise } from '../../kernel/elementwise';

export const { run, kernel } = elementwise({ operands: ['p'], operation: 'Math.exp($0)' });
