import { parentPort, workerData } from 'node:worker_threads';
import { readClassic } from './classic';
import { readHdf5 } from './hdf5';
import type { ThreadAnswer, ThreadData, VariableFormat, VariableReader } from './types';
import { readZarr } from './zarr';

const { format, bytes, maxBytes } = workerData as ThreadData;

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

// Decoders in WebAssembly take what a file says that they need: up to here.
const { prototype } = (globalThis as unknown as { WebAssembly: { Memory: { prototype: Memory } } })
  .WebAssembly.Memory;
const grow = prototype.grow;
prototype.grow = function (this: Memory, pages: number): number {
  if (this.buffer.byteLength + pages * 65_536 > bytes.length + maxBytes)
    throw new RangeError('it needs more memory than a file may take');
  return grow.call(this, pages);
};

function answer(message: ThreadAnswer): void {
  const { values } = message as { values?: unknown };
  const isShared = ArrayBuffer.isView(values) && values.buffer instanceof ArrayBuffer;
  parentPort!.postMessage(message, isShared ? [values.buffer as ArrayBuffer] : []);
}

async function attempt(work: () => Promise<ThreadAnswer>): Promise<void> {
  try {
    answer(await work());
  } catch (error) {
    answer({ error: error instanceof Error ? error.message : String(error) });
  }
}

const readers: Readonly<Record<VariableFormat, () => VariableReader | Promise<VariableReader>>> = {
  hdf5: () => readHdf5(bytes),
  classic: () => readClassic(bytes),
  zarr: () => readZarr(bytes, maxBytes),
};

let reader: VariableReader | undefined;

void attempt(async () => {
  reader = await readers[format]();
  return { variables: reader.variables };
});

parentPort!.on('message', (name: string) => attempt(async () => ({ values: await reader!.read(name) })));
