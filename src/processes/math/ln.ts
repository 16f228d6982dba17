import { elementwise } from '../../kernel/elementwise';

export const { run, kernel } = elementwise({ operands: ['x'], operation: 'Math.log($0)' });
