import { elementwise } from '../../kernel/elementwise';

export const { run, kernel, answers } = elementwise({ operands: ['x'], operation: 'Math.tan($0)' });
