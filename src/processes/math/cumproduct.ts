import { cumulation } from './cumulation';

export const { run, kernel } = cumulation(1, '($0 * $1)');
