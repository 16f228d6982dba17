/**
 * The code that runs in a sandbox before the user's: the class `DataCube`, and the function that the host calls, which
 * reads the arguments, calls the UDF and writes down what it returns. It lives in the UDF's own realm, so a UDF can
 * break it, but only for itself: the host reads nothing but text and bytes from it and trusts neither.
 *
 * Values travel as JSON. What JSON lacks is an object with the key `$` (`values.ts` is the other side).
 */
export const prelude = `(() => {
'use strict';
const { parse, stringify } = JSON;
const { isArray } = Array;
const { isFinite: finite } = Number;
const { getPrototypeOf, keys } = Object;
const { isView } = ArrayBuffer;
const plain = Object.prototype;
const toISOString = Date.prototype.toISOString;
const views = { Float64Array, Float32Array, Int32Array, Uint32Array, Int16Array, Uint16Array, Int8Array, Uint8Array, Uint8ClampedArray };
const maxDepth = 100;

class DataCube {
  constructor({ dimensions, values, valid }) {
    this.dimensions = dimensions;
    this.values = values;
    if (valid !== undefined && valid !== null) this.valid = valid;
  }
  get shape() { return this.dimensions.map(({ labels }) => labels.length); }
  dimension(name) { return this.dimensions.find((dimension) => dimension.name === name); }
  index(...given) {
    const positions = typeof given[0] === 'object' ? this.dimensions.map(({ name }) => given[0][name]) : given;
    let index = 0;
    this.shape.forEach((length, axis) => {
      const position = positions[axis];
      if (!(position >= 0 && position < length)) throw new RangeError('There is no position ' + positions.join(', ') + ' in a cube of ' + this.shape.join(' x '));
      index = index * length + position;
    });
    return index;
  }
  get(...positions) {
    const index = this.index(...positions);
    const value = this.values[index];
    if (this.valid ? this.valid[index] === 0 : value !== value) return null;
    return value ?? null;
  }
  set(value, ...positions) {
    const index = this.index(...positions);
    this.values[index] = value === null && !isArray(this.values) ? NaN : value;
    if (this.valid) this.valid[index] = value === null ? 0 : 1;
    return this;
  }
  map(change) {
    const { values, valid } = this;
    const changed = new Array(values.length);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      changed[i] = change((valid ? valid[i] === 0 : value !== value) ? null : value, i);
    }
    return new DataCube({ dimensions: this.dimensions, values: changed });
  }
}
globalThis.DataCube = DataCube;

function decode(value, buffers) {
  if (typeof value !== 'object' || value === null) return value;
  if (isArray(value)) {
    for (let i = 0; i < value.length; i++) if (typeof value[i] === 'object') value[i] = decode(value[i], buffers);
    return value;
  }
  if (typeof value.$ !== 'string') {
    for (const key of keys(value)) value[key] = decode(value[key], buffers);
    return value;
  }
  switch (value.$) {
    case 'NaN': return NaN;
    case 'Infinity': return Infinity;
    case '-Infinity': return -Infinity;
    case 'buffer': return new views[value.type](buffers[value.index]);
    case 'object': {
      const inner = value.value;
      for (const key of keys(inner)) inner[key] = decode(inner[key], buffers);
      return inner;
    }
    case 'labeled': {
      const array = decode(value.values, buffers);
      array.labels = decode(value.labels, buffers);
      return array;
    }
    default: return new DataCube({ dimensions: decode(value.dimensions, buffers), values: decode(value.values, buffers), valid: decode(value.valid, buffers) });
  }
}

function encode(value, buffers, depth) {
  switch (typeof value) {
    case 'number': return finite(value) ? value : { $: '' + value };
    case 'string': case 'boolean': return value;
    case 'undefined': return null;
    case 'object': break;
    default: throw new TypeError('It returns a ' + typeof value + ', which is no data.');
  }
  if (value === null) return null;
  if (depth > maxDepth) throw new RangeError('It returns data of more than ' + maxDepth + ' levels.');
  if (isArray(value)) {
    const length = value.length;
    const items = [];
    for (let i = 0; i < length; i++) items[i] = encode(value[i], buffers, depth + 1);
    return isArray(value.labels) ? { $: 'labeled', labels: encode(value.labels, buffers, depth + 1), values: items } : items;
  }
  if (isView(value)) {
    const type = value[Symbol.toStringTag];
    if (!(type in views)) throw new TypeError('It returns a ' + (type ?? 'DataView') + ', which is no data.');
    buffers[buffers.length] = value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength);
    return { $: 'buffer', type, index: buffers.length - 1 };
  }
  if (value instanceof DataCube) {
    const cube = { $: 'cube', dimensions: encode(value.dimensions, buffers, depth + 1), values: encode(value.values, buffers, depth + 1) };
    if (value.valid !== undefined) cube.valid = encode(value.valid, buffers, depth + 1);
    return cube;
  }
  if (value instanceof Date) return toISOString.call(value);
  const prototype = getPrototypeOf(value);
  if (prototype !== null && prototype !== plain) throw new TypeError('It returns an object of a class, which is no data; return plain objects, arrays or a DataCube.');
  const copy = { __proto__: null };
  for (const key of keys(value)) copy[key] = encode(value[key], buffers, depth + 1);
  return '$' in copy ? { $: 'object', value: copy } : copy;
}

const write = (results) => {
  const buffers = [];
  const encoded = [];
  for (let i = 0; i < results.length; i++) encoded[i] = encode(results[i], buffers, 0);
  return [stringify(encoded), ...buffers];
};

/** Calls the UDF once per item: [data, index of the context]. Gives [text, ...buffers], or a promise of it. */
const call = (udf, text, ...buffers) => {
  const { contexts, calls } = parse(text);
  const known = decode(contexts, buffers);
  const results = [];
  let isAsync = false;
  for (let i = 0; i < calls.length; i++) {
    const result = udf(decode(calls[i][0], buffers), known[calls[i][1]]);
    if (typeof result === 'object' && result !== null && typeof result.then === 'function') isAsync = true;
    results[i] = result;
  }
  return isAsync ? Promise.all(results).then(write) : write(results);
};

/** A text property of what was thrown; its getter may throw as well. */
const read = (thrown, key) => {
  try {
    const value = thrown[key];
    return typeof value === 'string' ? value.slice(0, 1000) : '';
  } catch {
    return '';
  }
};
return { call, read };
})()`;
