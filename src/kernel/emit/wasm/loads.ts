import { convert, i8x16, i32x4, v128 } from '../../../base/wasm/instructions';
import { type Code, NoVectors } from './code';
import { doubleLane, type Lane, maskLane, type Sixteen, singleLane } from './lanes';

const upperFirst = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];

/** The four numbers at an address. @param pointer the local with the address, but for the offset. @throws NoVectors */
export function loadFour(code: Code, array: string, offset: number, pointer: number): Lane {
  const made = (instruction: readonly number[], ...operands: readonly number[]) =>
    code.vector('loop', instruction, ...operands);
  const single = (wholes: number) => singleLane(made(convert.singleFromSigned, wholes));
  switch (array) {
    case 'Float32Array':
      return singleLane(made(v128.load(offset), pointer));
    case 'Float64Array':
      return doubleLane(made(v128.load(offset), pointer), made(v128.load(offset + 16), pointer));
    case 'Uint16Array':
      return single(made(v128.load16x4Unsigned(offset), pointer));
    case 'Int16Array':
      return single(made(v128.load16x4Signed(offset), pointer));
    case 'Int8Array':
      return single(fourBytes(code, offset, pointer, true));
    case 'Uint8Array':
    case 'Uint8ClampedArray':
      return single(fourBytes(code, offset, pointer, false));
    case 'Int32Array':
    case 'Uint32Array': {
      const four = made(v128.load(offset), pointer);
      const widen = array === 'Int32Array' ? convert.doubleFromLowSigned : convert.doubleFromLowUnsigned;
      return doubleLane(made(widen, four), made(widen, made(v128.shuffle(upperFirst), four, four)));
    }
    default:
      throw new NoVectors();
  }
}

/** Whether four bytes are not 0. */
export function fourTruths(code: Code, offset: number, pointer: number): Lane {
  const zero = code.literal(new Int32Array(4));
  return maskLane(code.vector('loop', i32x4.isLess, zero, fourBytes(code, offset, pointer, false)));
}

/** Whether sixteen bytes are not 0. */
export function sixteenTruths(code: Code, offset: number, pointer: number): Sixteen {
  const ones = code.literal(new Uint8Array(16).fill(1));
  const bits = code.vector(
    'loop',
    i8x16.lesserUnsigned,
    code.vector('loop', v128.load(offset), pointer),
    ones,
  );
  return { bytes: code.vector('loop', i8x16.isEqual, bits, ones), halves: [] };
}

/** In 32 bits each. */
function fourBytes(code: Code, offset: number, pointer: number, isSigned: boolean): number {
  const four = code.vector('loop', v128.load32Zero(offset), pointer);
  const shorts = isSigned ? convert.widenLowBytesSigned : convert.widenLowBytesUnsigned;
  const whole = isSigned ? convert.widenLowShortsSigned : convert.widenLowShortsUnsigned;
  return code.vector('loop', whole, code.vector('loop', shorts, four));
}
