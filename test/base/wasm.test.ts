import { name, preamble, section, signed, unsigned, vector } from '../../src/base/wasm/encode';
import { vectorEngine } from '../../src/base/wasm/engine';

describe('numbers in LEB128', () => {
  it.each([
    [0, [0]],
    [127, [0x7f]],
    [128, [0x80, 0x01]],
    [624485, [0xe5, 0x8e, 0x26]],
    [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('%d without a sign', (value, bytes) => {
    expect(unsigned(value)).toEqual(bytes);
  });

  it.each([
    [0, [0]],
    [63, [0x3f]],
    [64, [0xc0, 0x00]],
    [-1, [0x7f]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [-123456, [0xc0, 0xbb, 0x78]],
    [2 ** 31 - 1, [0xff, 0xff, 0xff, 0xff, 0x07]],
    [-(2 ** 31), [0x80, 0x80, 0x80, 0x80, 0x78]],
  ])('%d with a sign', (value, bytes) => {
    expect(signed(value)).toEqual(bytes);
  });

  it.each([0, 1, -1, 64, -65, 300, 8191, -123456, 2 ** 31 - 1, -(2 ** 31)])(
    'give %d back from a module that was put together',
    (value) => {
      const code = [0, 0x41, ...signed(value), 0x0b];
      const bytes = Uint8Array.from([
        ...preamble,
        ...section(1, vector([[0x60, 0, 1, 0x7f]])),
        ...section(3, vector([[0]])),
        ...section(7, vector([[...name('größe'), 0, 0]])),
        ...section(10, vector([[...unsigned(code.length), ...code]])),
      ]);
      const engine = vectorEngine()!;
      expect(engine.validate(bytes)).toBe(true);
      const exported = new engine.Instance(new engine.Module(bytes)).exports as { größe(): number };
      expect(exported.größe()).toBe(value);
    },
  );
});

describe('the engine', () => {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } };

  afterEach(() => jest.restoreAllMocks());

  it('is there where a vector is a valid type', () => {
    expect(vectorEngine()).toBe(WebAssembly);
    jest.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    expect(vectorEngine()).toBeUndefined();
  });
});
