import type { Dimension } from './cube';
import type { SceneCubeOptions } from './source';

/** Dimensions of time, bands, y and x in the wanted order; those that it leaves out come first. */
export function cubeDimensions(
  options: Pick<SceneCubeOptions, 'names' | 'bands' | 'order'>,
  times: readonly string[],
): Dimension[] {
  const { names, bands } = options;
  const all = new Map<string, Dimension>([
    [names.t, { type: 'temporal', name: names.t, labels: times }],
    [names.bands, { type: 'bands', name: names.bands, labels: bands.map(({ name }) => name), bands }],
    [names.y, { type: 'spatial', name: names.y, axis: 'y' }],
    [names.x, { type: 'spatial', name: names.x, axis: 'x' }],
  ]);
  const order = (options.order ?? []).filter((name) => all.has(name));
  const rest = [...all.keys()].filter((name) => !order.includes(name));
  return [...order, ...rest].map((name) => all.get(name)!);
}
