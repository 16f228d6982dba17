import { getHeapStatistics } from 'node:v8';
import { createTidying } from '../../src/base/garbage';
import { until } from '../support/generations';

const external = () => getHeapStatistics().external_memory;

/** Makes buffers that nobody refers to. */
function leave(megabytes: number): void {
  for (let count = 0; count < megabytes; count++) new Uint8Array(1 << 20).fill(count);
}

test('buffers that nobody refers to are collected once there are many of them', async () => {
  const before = external();
  const tidy = createTidying();
  leave(48);
  await until('their memory is free', () => {
    tidy();
    return external() - before < 32 << 20 || undefined;
  });
});
