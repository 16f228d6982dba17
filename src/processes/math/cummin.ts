import { cumulation } from './cumulation';

export const { run, kernel } = cumulation(Number.POSITIVE_INFINITY, '($1 < $0 || $1 !== $1 ? $1 : $0)');
