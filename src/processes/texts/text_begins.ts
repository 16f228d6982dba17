import { matching } from './matching';

export const run = matching('start');
