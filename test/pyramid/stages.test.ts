import { drawing, encode } from './support/pictures';
import { openWorkshop, type Workshop } from './support/workshop';

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop?.close());

test('a generation tells each stage with its message and its share, and never goes back', async () => {
  const source = await shop.store(await encode(drawing(1500, 1100), 1500, 1100, 'png'));
  const { result } = await shop.generate(source, { archive: 'pmtiles' });
  const { stages } = shop;
  const percents = stages.map(({ percent }) => percent);
  expect(percents).toEqual([...percents].sort((one, other) => one - other));
  expect(stages[0]).toEqual({ percent: 5, message: 'Downloading source image…' });

  const making = stages.filter(({ message }) => message.startsWith('Generating'));
  const total = result.tile_count;
  expect(new Set(making.map(({ percent }) => percent.toFixed(6)))).toEqual(
    new Set(Array.from({ length: total }, (_, made) => (10 + (70 * made) / total).toFixed(6))),
  );
  for (const { percent, message } of making)
    expect(message).toBe(`Generating tiles… ${Math.floor(((percent - 10) / 70) * 100 + 1e-9)}%`);

  const rest = stages.slice(stages.indexOf(making[making.length - 1]) + 1);
  const names = rest.map(({ message }) => message);
  expect(names).toEqual([...names].sort().reverse());
  const uploading = rest.filter(({ message }) => message === 'Uploading tiles to storage…');
  expect(uploading.every(({ percent }) => percent >= 80 && percent <= 95)).toBe(true);
  expect(uploading[uploading.length - 1].percent).toBe(95);
  const finalizing = rest.slice(uploading.length);
  expect(finalizing[0]).toEqual({ percent: 95, message: 'Finalizing…' });
  expect(finalizing[finalizing.length - 1]).toEqual({ percent: 99, message: 'Finalizing…' });
});
