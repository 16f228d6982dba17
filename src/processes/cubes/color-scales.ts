/**
 * Colour scales by their control points, evenly spaced unless positions are given (0 to 1).
 * The perceptual ones follow matplotlib's public domain data, the sequential and diverging ones ColorBrewer.
 */
const scales: Readonly<Record<string, string | readonly (readonly [position: number, colour: string])[]>> = {
  viridis: '440154 482878 3e4a89 31688e 26828e 1f9e89 35b779 6dcd59 b4de2c fde725',
  magma: '000004 180f3d 440f76 721f81 9e2f7f cd4071 f1605d fd9668 feca8d fcfdbf',
  plasma: '0d0887 47039f 7301a8 9c179e bd3786 d8576b ed7953 fa9e3b fdc926 f0f921',
  inferno: '000004 1b0c41 4a0c6b 781c6d a52c60 cf4446 ed6925 fb9b06 f7d13d fcffa4',
  cividis: '00204d 00336f 39486b 575c6d 707173 8a8779 a69d75 c4b56c e4cf5b ffea46',
  turbo:
    '30123b 4145ab 4675ed 39a2fc 1bcfd4 24eca6 61fc6c a4fc3b d1e834 f3c63a fe9b2d f36315 d93806 b11901 7a0402',
  greys: '000000 ffffff',
  blues: 'f7fbff deebf7 c6dbef 9ecae1 6baed6 4292c6 2171b5 08519c 08306b',
  greens: 'f7fcf5 e5f5e0 c7e9c0 a1d99b 74c476 41ab5d 238b45 006d2c 00441b',
  ylgn: 'ffffe5 f7fcb9 d9f0a3 addd8e 78c679 41ab5d 238443 006837 004529',
  ylorrd: 'ffffcc ffeda0 fed976 feb24c fd8d3c fc4e2a e31a1c bd0026 800026',
  rdylgn: 'a50026 d73027 f46d43 fdae61 fee08b ffffbf d9ef8b a6d96a 66bd63 1a9850 006837',
  rdylbu: 'a50026 d73027 f46d43 fdae61 fee090 ffffbf e0f3f8 abd9e9 74add1 4575b4 313695',
  rdbu: '67001f b2182b d6604d f4a582 fddbc7 f7f7f7 d1e5f0 92c5de 4393c3 2166ac 053061',
  brbg: '543005 8c510a bf812d dfc27d f6e8c3 f5f5f5 c7eae5 80cdc1 35978f 01665e 003c30',
  spectral: '9e0142 d53e4f f46d43 fdae61 fee08b ffffbf e6f598 abdda4 66c2a5 3288bd 5e4fa2',
  terrain: [
    [0, '#333399'],
    [0.15, '#0099ff'],
    [0.25, '#00cc66'],
    [0.5, '#ffff99'],
    [0.75, '#805c54'],
    [1, '#ffffff'],
  ],
  water: [
    [0, '#c8a97e'],
    [0.3, '#efe6cf'],
    [0.5, '#d7ecef'],
    [0.7, '#5fa8d3'],
    [0.85, '#1f6fb2'],
    [1, '#0b2f66'],
  ],
};

export const colorScaleNames: readonly string[] = Object.freeze(Object.keys(scales));

/** The control points of a scale, from 0 to 1. */
export function colorScale(name: string): readonly (readonly [number, string])[] | undefined {
  if (!Object.hasOwn(scales, name)) return undefined;
  const scale = scales[name];
  if (typeof scale !== 'string') return scale;
  const colours = scale.split(' ');
  return colours.map((colour, index) => [index / (colours.length - 1), `#${colour}`] as const);
}
