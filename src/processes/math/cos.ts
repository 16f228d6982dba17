import { elementwise } from '../../kernel/elementwise';

export const { run, kernel } = elementwise({ operands: ['x'], operation: 'Math.cos($0)' });
