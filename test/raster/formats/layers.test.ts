import fc from 'fast-check';
import { type Dimension, defineCube } from '../../../src/raster/cube';
import { layerGroups, rasterOf } from '../../../src/raster/formats/layers';
import { encodeRequest, utmGrid } from './support';

test('groups cover all layers once, in order, each as one selection', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
      fc.integer({ min: 1, max: 40 }),
      (lengths, maxLayers) => {
        const dimensions = lengths.map(
          (length, index): Dimension => ({
            type: 'other',
            name: `d${index}`,
            labels: Array.from({ length }, (_, label) => label),
          }),
        );
        const cube = defineCube({
          dimensions: [
            ...dimensions,
            { type: 'spatial', name: 'y', axis: 'y' },
            { type: 'spatial', name: 'x', axis: 'x' },
          ],
          grid: utmGrid(1, 1),
          dataType: 'float32',
          nodata: null,
          missing: 'nan',
          locality: 'local',
          isGridFixed: false,
          dataVersion: '',
          read: () => Promise.reject(new Error('not read')),
        });
        const raster = rasterOf(cube, encodeRequest(), 'GTiff');
        const total = lengths.reduce((product, length) => product * length, 1);
        expect(raster.layers).toHaveLength(total);
        let next = 0;
        for (const group of layerGroups(raster, maxLayers)) {
          expect(group.from).toBe(next);
          expect(group.count).toBeLessThanOrEqual(maxLayers);
          // The layers that the selection yields, in C order.
          let selected = [0];
          lengths.forEach((length, index) => {
            const indices = group.select?.get(`d${index}`) ?? Array.from({ length }, (_, label) => label);
            selected = selected.flatMap((outer) => indices.map((label) => outer * length + label));
          });
          expect(selected).toEqual(Array.from({ length: group.count }, (_, offset) => next + offset));
          next += group.count;
        }
        expect(next).toBe(total);
      },
    ),
  );
});
