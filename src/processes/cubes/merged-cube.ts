import { type Cube, deriveCube, layerDimensions } from '../../raster/cube';
import { joinVersions } from '../../raster/data-version';
import { labelCount, missingBlock, product } from '../../raster/layers';
import { commonType } from '../../raster/missing-values';
import { inRowChunks } from '../../raster/row-chunks';
import type { ValueCallback } from './cube-callbacks';
import type { MergePlan } from './merge-plan';
import { mergeWindow } from './merge-window';

/** What the values of two cubes are together: what a resolver is given. */
export function commonValues(first: Cube, second: Cube): Pick<Cube, 'missing' | 'dataType'> {
  return {
    missing: first.missing === 'mask' || second.missing === 'mask' ? 'mask' : 'nan',
    dataType: commonType(first.dataType, second.dataType),
  };
}

/**
 * The cube that a plan describes. Reads of each cube only the labels that a window needs, on the window's grid.
 * @param resolver makes one value of `x` and `y`; needed where the plan has overlaps.
 */
export function mergedCube(plan: MergePlan, resolver?: ValueCallback): Cube {
  const { first, second } = plan;
  const { missing: form, dataType: common } = commonValues(first, second);
  const isWhole =
    plan.areas?.first === plan.areas?.second &&
    [...plan.unions.values()].every(({ labels, first: one, second: other }) =>
      labels.every((_, index) => one[index] >= 0 && other[index] >= 0),
    );
  const computed = resolver ? (isWhole ? resolver.dataType : commonType(common, resolver.dataType)) : common;
  const result: Cube = deriveCube(first, {
    dimensions: plan.dimensions,
    grid: plan.grid,
    missing: resolver?.missing ?? form,
    dataType: computed,
    nodata: first.nodata ?? second.nodata,
    locality: first.locality === 'whole' || second.locality === 'whole' ? 'whole' : 'local',
    isGridFixed: first.grid ? first.isGridFixed : second.isGridFixed,
    dataVersion: joinVersions(first.dataVersion, second.dataVersion),
    async read(window, signal) {
      const layers = product(
        layerDimensions(result).map((layer) => window.select?.get(layer.name)?.length ?? labelCount(layer)),
      );
      if (layers === 0 || window.grid?.width === 0 || window.grid?.height === 0)
        return missingBlock(result, window);
      return await inRowChunks(window, 3 * layers, (part) =>
        mergeWindow({ plan, layout: result, form, window: part, signal }, resolver),
      );
    },
  });
  return result;
}
