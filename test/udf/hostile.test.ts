import type { OpenEOError } from '../../src/base/errors';
import { createUdfRuntimes } from '../../src/udf/runtimes';
import type { UdfRuntimes } from '../../src/udf/types';

const memoryBytes = 48 * 1024 * 1024;
let runtimes: UdfRuntimes;
let impatient: UdfRuntimes;

beforeAll(() => {
  runtimes = createUdfRuntimes({ threads: 2, memoryBytes, seconds: 60 });
  impatient = createUdfRuntimes({ threads: 1, memoryBytes, seconds: 1 });
});
afterAll(async () => {
  await runtimes.close();
  await impatient.close();
});

const source = (code: string) => ({ code: `${code}\n`, runtime: 'JavaScript', version: null });

function call(body: string, data: unknown = null, context: unknown = {}): Promise<unknown> {
  const code = `function udf(data, context) { ${body} }`;
  return runtimes.openSession('tester').call(source(code), data, context, new AbortController().signal);
}

async function failure(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    const value = await promise;
    return { code: 'no error', message: JSON.stringify(value) };
  } catch (error) {
    const { code = String(error), message } = error as OpenEOError;
    return { code, message };
  }
}

const failed = (message: RegExp) => ({ code: 'UdfFailed', message: expect.stringMatching(message) });

describe('what never ends is ended', () => {
  const endless = {
    'a loop': 'for (;;);',
    'a promise that keeps making promises': 'return (async () => { for (;;) await null; })();',
    'a regular expression': 'return /(a+)+$/.test("a".repeat(40) + "b");',
    'a getter of the result': 'return { get a() { for (;;); } };',
    'a proxy of the result': 'return new Proxy([1], { get() { for (;;); } });',
    'a toString of a thrown value': 'throw { get message() { for (;;); } };',
    'an array that grows while it is read':
      'return new Proxy([], { get: (t, k) => (k === "length" ? 1e9 : 0) });',
  };

  test.each(Object.entries(endless))('%s', async (_name, body) => {
    const code = `function udf(data) { ${body} }`;
    const running = impatient.openSession('tester').call(source(code), 1, {}, new AbortController().signal);
    expect(await failure(running)).toMatchObject({ code: 'UdfLimitExceeded' });
  });

  test('a loop outside of the function', async () => {
    const running = impatient
      .openSession('tester')
      .call(source('for (;;);'), 1, {}, new AbortController().signal);
    expect(await failure(running)).toEqual({
      code: 'UdfLimitExceeded',
      message: 'The user-defined function was stopped: it ran longer than 1 seconds.',
    });
  });

  test('a generator without an end is no data', async () => {
    expect(await failure(call('return (function* () { for (;;) yield 1; })();'))).toEqual(failed(/no data/));
  });

  test('a promise that nobody settles', async () => {
    expect(await failure(call('return new Promise(() => {});'))).toEqual(failed(/never settled/));
  });
});

test('the event loop goes on while a UDF runs, and aborting ends it at once', async () => {
  const controller = new AbortController();
  const code = 'function udf() { for (;;); }';
  const running = failure(runtimes.openSession('tester').call(source(code), 1, {}, controller.signal));
  const waiting = [1, 2, 3].map(() =>
    failure(runtimes.openSession('tester').call(source(code), 1, {}, controller.signal)),
  );
  let turns = 0;
  while (turns < 1000) {
    await new Promise((resolve) => setImmediate(resolve));
    turns++;
  }
  controller.abort(new Error('enough'));
  for (const outcome of [running, ...waiting]) expect((await outcome).message).toBe('enough');
  expect(await call('return data + 1;', 1)).toBe(2);
});

describe('memory', () => {
  const bombs = {
    'typed arrays': 'const all = []; for (;;) all.push(new Float64Array(1e6));',
    objects: 'const all = []; for (;;) all.push({ a: 1 });',
    texts: 'const all = []; for (;;) all.push("x".repeat(1e6) + all.length);',
    'a result of buffers': 'return Array.from({ length: 100 }, () => new Float64Array(1e6));',
  };

  test.each(Object.entries(bombs))('%s', async (_name, body) => {
    expect(await failure(call(body))).toEqual({
      code: 'UdfLimitExceeded',
      message: 'The user-defined function was stopped: it needs more than 48 MiB of memory.',
    });
  });

  test('huge arrays and texts that the interpreter refuses by itself', async () => {
    expect((await failure(call('return "x".repeat(2 ** 30);'))).code).toMatch(/^Udf/);
    expect((await failure(call('return new Array(2 ** 32 - 1).fill(0);'))).code).toMatch(/^Udf/);
    expect((await failure(call('return new ArrayBuffer(2 ** 31);'))).code).toMatch(/^Udf/);
  });

  test('text results have a limit', async () => {
    const outcome = await failure(call('return Array.from({ length: 5 }, () => "x".repeat(7e6));'));
    expect(outcome.code).toMatch(/^Udf(Failed|LimitExceeded)$/);
  });
});

describe('depth', () => {
  const deep = {
    'calls that call themselves': 'const f = () => f() + 1; return f();',
    'nested arrays in the result': 'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a;',
    'a circle in the result': 'const a = []; a.push(a); return a;',
    'JSON of nested arrays':
      'let a = []; for (let i = 0; i < 2e4; i++) a = [a]; JSON.stringify(a); return a;',
    'JSON with many brackets': 'return JSON.parse("[".repeat(1e6));',
    'code with many brackets': 'return eval("(".repeat(1e5));',
    'flattened arrays': 'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a.flat(Infinity).length;',
    'proxies in proxies': 'let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); return p.x;',
  };

  test.each(Object.entries(deep))('%s', async (_name, body) => {
    expect((await failure(call(body))).code).toMatch(/^Udf(Failed|LimitExceeded)$/);
    expect(await call('return 1;')).toBe(1);
  });
});

describe('nothing outside is within reach', () => {
  test.each([
    'process',
    'require',
    'module',
    'Buffer',
    'fetch',
    'XMLHttpRequest',
    'WebSocket',
    'Worker',
    'std',
    'os',
    'setTimeout',
    'console',
    'WebAssembly',
    'global',
    'navigator',
    'importScripts',
    'Deno',
  ])('%s', async (name) => {
    expect(await call(`return typeof ${name};`)).toBe('undefined');
    expect(
      await call(
        `return this === undefined ? null : typeof this.constructor.constructor('return typeof ${name}')();`,
      ),
    ).toBe('string');
    expect(await call(`return (async () => {}).constructor('return typeof ${name}')();`)).toBe('undefined');
    expect(await call(`return data.constructor.constructor('return typeof ${name}')();`, {})).toBe(
      'undefined',
    );
    expect(await call(`return DataCube.constructor('return typeof ${name}')();`)).toBe('undefined');
  });

  test('modules cannot be imported', async () => {
    expect(
      (await failure(call('return import("node:fs").then((fs) => fs.readFileSync("/etc/passwd"));'))).code,
    ).toBe('UdfFailed');
  });
});

describe('prototypes', () => {
  afterEach(() => {
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test('a key __proto__ stays a key', async () => {
    const value = await call(
      'return JSON.parse(\'{"__proto__": {"polluted": true}, "a": [{"__proto__": 1}]}\');',
    );
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value as object)).toEqual(['__proto__', 'a']);
  });

  test('the sandbox has prototypes of its own', async () => {
    const code = `
      Object.prototype.polluted = 'yes'; Array.prototype.polluted = 'yes';
      Object.prototype.toJSON = () => ({ polluted: 'json' });
      function udf(data) { return { a: [1], own: {}.polluted }; }`;
    const session = runtimes.openSession('tester');
    const signal = new AbortController().signal;
    await failure(session.call(source(code), 1, {}, signal));
    expect(await call('return {}.polluted ?? "clean";')).toBe('clean');
  });

  test('replacing what the prelude uses breaks nothing but the UDF', async () => {
    for (const trick of [
      'JSON.stringify = () => "[1,2,3]"; JSON.parse = () => 1;',
      'Array.prototype[Symbol.iterator] = function* () { yield 1; };',
      'Object.prototype.toJSON = () => "[[[["; ',
      'Object.defineProperty(Object.prototype, "0", { get: () => ({ $: "buffer", type: "Float64Array", index: 7 }), set() {} });',
      'Promise.all = () => ({ then() {} }); Array.isArray = () => true; Object.keys = () => ["constructor"];',
      'Object.setPrototypeOf(Array.prototype, new Proxy({}, { get: () => 1e9 }));',
      'globalThis.DataCube = class {}; DataCube.prototype.then = () => 1;',
    ]) {
      const code = `${trick} function udf(data) { return [data, { a: 1 }]; }`;
      const outcome = failure(
        runtimes.openSession('tester').call(source(code), 5, {}, new AbortController().signal),
      );
      expect((await outcome).code).toMatch(/^(no error|UdfFailed)$/);
    }
    expect(await call('return [data];', 5)).toEqual([5]);
  });

  test('what looks like our own notation stays what it is', async () => {
    for (const value of [
      { $: 'NaN' },
      { $: 'buffer', index: 9 },
      { $: 'object', value: { $: 'cube' } },
      { $: 1 },
    ]) {
      expect(await call('return data;', value)).toEqual(value);
      expect(await call(`return ${JSON.stringify(value)};`)).toEqual(value);
    }
  });
});

describe('what is no data is refused', () => {
  const bodies = {
    'a function': 'return () => 1;',
    'a symbol': 'return Symbol("a");',
    'a big integer': 'return 1n;',
    'a map': 'return new Map();',
    'a data view': 'return new DataView(new ArrayBuffer(8));',
    'a function in an array': 'return [[1, udf]];',
    'big integers in an array': 'return new BigInt64Array(3);',
    'more labels than values': 'return Object.assign([1], { labels: ["a", "b"] });',
    'labels that are no names': 'return Object.assign([1], { labels: [{}] });',
    'an array with a class name of another':
      'const a = new Float64Array(1); Object.defineProperty(a, Symbol.toStringTag, { value: "Int8Array2" }); return a;',
  };

  test.each(Object.entries(bodies))('%s', async (_name, body) => {
    expect((await failure(call(body))).code).toBe('UdfFailed');
  });
});

describe('errors', () => {
  test('say what the UDF threw, and where', async () => {
    expect(await failure(call('\n\nthrow new TypeError("no");'))).toEqual(failed(/TypeError: .*\(line 3\)$/));
    expect(await failure(call('throw "no water";'))).toEqual(failed(/failed: no water$/));
    expect(await failure(call('throw { a: 1 };'))).toEqual(failed(/throws an object/));
    expect(await failure(call('throw 5;'))).toEqual(failed(/a value of type number/));
    expect(await failure(call('return Promise.reject(new RangeError("far"));'))).toEqual(
      failed(/RangeError: far/),
    );
    expect(await failure(call('throw { get message() { throw 1; } };'))).toEqual(failed(/throws an object/));
    expect(await failure(call('throw new Error("x".repeat(1e6));'))).toEqual(failed(/x{900}/));
  });

  test('code that does not parse, and code without the function', async () => {
    const signal = new AbortController().signal;
    expect(
      await failure(runtimes.openSession('tester').call(source('function udf( {'), 1, {}, signal)),
    ).toEqual(failed(/SyntaxError/));
    expect(await failure(runtimes.openSession('tester').call(source('const x = 1;'), 1, {}, signal))).toEqual(
      failed(/no function named "udf"/),
    );
  });
});

test('what one run leaves behind no other run sees', async () => {
  const code =
    'let count = 0; function udf() { globalThis.mark = (globalThis.mark ?? 0) + 1; return ++count + mark; }';
  const signal = new AbortController().signal;
  for (let run = 0; run < 4; run++)
    expect(await runtimes.openSession('tester').call(source(code), 1, {}, signal)).toBe(2);
});
