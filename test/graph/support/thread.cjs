'use strict';
// A thread as the pool sees it, that does what the window's first band says.
const { parentPort, workerData } = require('node:worker_threads');

if (workerData?.isBroken) throw new Error('it cannot start');
const waiting = new Map();
let reads = 0;
parentPort.on('message', (request) => {
  const { id } = request;
  if (request.type === 'abort') {
    if (waiting.get(id) === 'deaf') return;
    waiting.delete(id);
    parentPort.postMessage({ type: 'failed', id, reason: 'aborted' });
    return;
  }
  const [order] = request.window.select.keys();
  if (order === 'crash') process.exit(1);
  if (order === 'fill') {
    const all = [];
    for (;;) all.push(new Array(1000).fill(String(all.length)));
  }
  if (order === 'refuse') return parentPort.postMessage({ type: 'failed', id, reason: 'refused' });
  if (order === 'wait' || order === 'deaf') return waiting.set(id, order);
  reads++;
  parentPort.postMessage({
    type: 'block',
    id,
    block: { shape: [2], data: Float32Array.of(reads, request.run ? 1 : 0) },
  });
});
parentPort.postMessage({ type: 'ready' });
