import { cumulation } from './cumulation';

export const { run, kernel } = cumulation(0, '($0 + $1)');
