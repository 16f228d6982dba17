import { equality } from './equality';

export const { run, kernel } = equality({ isNegated: false });
