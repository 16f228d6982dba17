// A process with a tile store of its own, as a server has: claims and moves tiles as its parent asks.
//   node claimer.cjs <store url>
require('./typescript.cjs');
const { openTileStore } = require('../../src/store/tiles/open.ts');
const { silentLogger } = require('../../src/base/logger.ts');

const outcome = (promise) =>
  promise.then(
    ({ tile }) => ({ code: 'none', tile }),
    (error) => ({ code: error.code ?? String(error) }),
  );

/** One user who claims, hands in or gives back, again and again, until the process ends. */
async function play(assignments, request) {
  for (;;) {
    const { serviceId, userId } = request;
    const { code } = await outcome(assignments.claim(request));
    if (code === 'none' && Math.random() < 0.3) await outcome(assignments.submit(serviceId, userId, userId));
    await outcome(assignments.forceRelease(serviceId, userId, userId));
  }
}

async function main() {
  const { assignments } = await openTileStore(process.argv[2], { logger: silentLogger });
  process.on('message', async ({ kind, requests }) => {
    if (kind === 'play') for (const request of requests) void play(assignments, request);
    else process.send(await Promise.all(requests.map((request) => outcome(assignments.claim(request)))));
  });
  process.on('disconnect', () => process.exit());
  process.send('ready');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
