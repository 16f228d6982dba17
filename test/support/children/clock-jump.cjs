'use strict';
// Preloaded before the program: at SIGUSR2 the clock that it sees jumps by CLOCK_JUMP_MS, at the next one it jumps back.
const RealDate = Date;
const jumpMs = Number(process.env.CLOCK_JUMP_MS);
let offsetMs = 0;
process.on('SIGUSR2', () => {
  offsetMs = offsetMs === 0 ? jumpMs : 0;
});
globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offsetMs);
    else super(...args);
  }

  static now() {
    return RealDate.now() + offsetMs;
  }
};
