'use strict';
const { createHash } = require('node:crypto');
const { createTransformer } = require('@swc/jest');

// Jest runs modules in a context of its own, where every look-up of a global goes through an interceptor: loops over
// pixels that say Math.floor become a hundred times slower. So each module gets the globals of such loops as constants.
const globals =
  'Math Number Array Object String Map Set WeakMap WeakSet Symbol JSON DataView ArrayBuffer Uint8Array Uint8ClampedArray Int8Array Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array'.split(
    ' ',
  );

module.exports = {
  createTransformer(options) {
    const swc = createTransformer(options);
    const prefix = (code) => {
      const free = globals.filter(
        (name) =>
          code.includes(name) && !new RegExp(`\\b(?:const|let|var|class|function)\\s+${name}\\b`).test(code),
      );
      const constants = free.length > 0 ? `const {${free.join(',')}} = globalThis; ` : '';
      // On the first line, so that the lines of the source map still fit.
      return code.startsWith('"use strict";')
        ? `"use strict"; ${constants}${code.slice(13)}`
        : `${constants}${code}`;
    };
    return {
      canInstrument: swc.canInstrument,
      getCacheKey: (...args) =>
        createHash('sha1')
          .update(swc.getCacheKey(...args))
          .update(globals.join())
          .update('2')
          .digest('hex'),
      process(...args) {
        const result = swc.process(...args);
        return { ...result, code: prefix(result.code) };
      },
    };
  },
};
