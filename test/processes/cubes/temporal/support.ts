import type { Cube } from '../../../../src/raster/cube';
import { cubeOf, times } from '../kit';

export const series = (labels: string[], values: unknown[] = labels.map((_, i) => i + 1)): Cube =>
  cubeOf([times(...labels)], values, { form: 'mask' });
