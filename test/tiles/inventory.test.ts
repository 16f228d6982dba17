import { type InventoryAnswer, inventoryJson } from '../../src/tiles/inventory';

const hash = 'af353dd6-222d-5599-9d45-d71d19ecd6c6';
const tile = {
  ...{ id: '25fc9691-cab0-5055-a613-8160429d90c0', location_hash: hash },
  ...{ captured_at: '2024-03-01T00:00:00.123456Z', source: 'google_maps' as const },
  ...{ resolution_m_per_px: 0.373, estimated_bytes: 20_000 },
};
const present = { location_hash: hash, present: true };

test.each<[string, readonly InventoryAnswer[]]>([
  ['none', []],
  ['an empty cell', [{ z: 18, x: 154321, y: 95812, location_hash: hash, present: false, tile: null }]],
  ['by hash alone', [{ ...present, tile }]],
  [
    'several, in their order',
    [
      { z: 18, x: 154321, y: 95812, ...present, tile },
      { z: 0, x: 0, y: 0, location_hash: hash, present: false, tile: null },
      { z: 30, x: 2 ** 30 - 1, y: 0, ...present, tile: { ...tile, source: 'uav' } },
    ],
  ],
  ['rows that are older than their sizes', [{ ...present, tile: { ...tile, estimated_bytes: null } }]],
  [
    'a row without pixels',
    [{ ...present, tile: { ...tile, resolution_m_per_px: Number.POSITIVE_INFINITY } }],
  ],
  ['fractions of any length', [{ ...present, tile: { ...tile, resolution_m_per_px: 1e-7 / 3 } }]],
])('5.12 the text of answers is what JSON.stringify makes of them: %s', (_, answers) => {
  expect(inventoryJson(answers)).toBe(JSON.stringify(answers));
});
