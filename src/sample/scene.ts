import { type Clouds, createClouds } from './clouds';
import { cover, crops, type LandCover } from './land-cover';
import { random, smoothstep } from './noise';
import type { Season } from './seasons';
import { size, type Terrain } from './terrain';

const { PI, cos, floor, max, min, round, sin, sqrt, tan } = Math;

/** The bands at 10 m, then the one at 20 m. */
const bandNames = ['B02', 'B03', 'B04', 'B08', 'B11'] as const;

/** One picture: reflectance × 10,000 with 0 for no data, and the scene classification at 20 m. */
export interface Scene {
  /** {@link size}² each; B11 (size / 2)². */
  readonly bands: readonly Uint16Array[];
  readonly classes: Uint8Array;
  /** Percent of the pixels with data. */
  readonly cloudCover: number;
}

/** Reflectance of a pure cover in the five bands. */
type Spectrum = readonly [number, number, number, number, number];

const soil: Spectrum = [0.072, 0.1, 0.135, 0.215, 0.3];
const leaves: Spectrum = [0.024, 0.062, 0.029, 0.46, 0.19];
const straw: Spectrum = [0.075, 0.125, 0.16, 0.31, 0.32];
const blossom: Spectrum = [0.05, 0.17, 0.165, 0.5, 0.22];
const turned: Spectrum = [0.035, 0.07, 0.085, 0.3, 0.2];
const twigs: Spectrum = [0.04, 0.052, 0.06, 0.17, 0.19];
const snow: Spectrum = [0.84, 0.83, 0.81, 0.75, 0.09];
const cloudTop: Spectrum = [0.76, 0.75, 0.75, 0.78, 0.55];
const needles: Spectrum = [0.019, 0.034, 0.021, 0.215, 0.095];

const fixed: Readonly<Record<number, Spectrum>> = {
  [cover.water]: [0.037, 0.046, 0.027, 0.017, 0.008],
  [cover.gravel]: [0.15, 0.175, 0.19, 0.24, 0.26],
  [cover.conifers]: needles,
  [cover.rock]: [0.125, 0.14, 0.15, 0.2, 0.22],
  [cover.asphalt]: [0.1, 0.108, 0.115, 0.15, 0.17],
};

/** How much tone changes brightness. */
const contrast: Readonly<Record<number, number>> = {
  [cover.water]: 0.35,
  [cover.gravel]: 0.25,
  [cover.conifers]: 0.3,
  [cover.broadleaf]: 0.24,
  [cover.rock]: 0.3,
  [cover.roofs]: 0.35,
  [cover.asphalt]: 0.25,
};

function mix(a: Spectrum, b: Spectrum, part: number): Spectrum {
  const at = (band: number) => a[band] + (b[band] - a[band]) * part;
  return [at(0), at(1), at(2), at(3), at(4)];
}

/** Tones are few enough steps for every cover to have its spectra made beforehand. */
const toneSteps = 64;

/** By cover and tone: five reflectances. */
function createSpectra(season: Season): Float32Array {
  const kinds = cover.field + crops.length;
  const spectra = new Float32Array(kinds * toneSteps * 5);
  const broadleaf = mix(mix(twigs, mix(leaves, needles, 0.25), season.broadleaf), turned, season.autumn);
  const grass = (amount: number) => mix(mix(straw, soil, 0.4), mix(leaves, straw, 0.14), amount);
  const spectrum = (kind: number, tone: number): Spectrum => {
    if (kind === cover.broadleaf || kind === cover.hedge) return broadleaf;
    if (kind === cover.meadow) return grass(min(1, max(0, season.meadow + 0.22 * tone)));
    // Roofs run from grey slate to red tiles.
    if (kind === cover.roofs)
      return mix([0.145, 0.15, 0.15, 0.2, 0.21], [0.062, 0.075, 0.105, 0.2, 0.23], (tone + 1) / 2);
    if (kind === cover.gardens) return mix(broadleaf, grass(season.meadow), 0.5 + 0.5 * tone);
    if (kind < cover.field) return fixed[kind];
    const { leaf, straw: ripe, bloom } = season.crops[crops[kind - cover.field]];
    const ground = mix(
      mix(soil, [0.05, 0.07, 0.09, 0.15, 0.24], 0.5 - 0.5 * tone),
      straw,
      ripe / max(0.01, 1 - leaf),
    );
    // Sown earlier or later, cut or not: a field is ahead of its neighbour or behind it.
    const amount = min(1, max(0, leaf + 0.16 * tone * (leaf > 0.05 ? 1 : 0.2)));
    return mix(mix(ground, leaves, amount), blossom, bloom * min(1, max(0, 0.8 + 0.5 * tone)));
  };
  for (let kind = 0; kind < kinds; kind++)
    for (let step = 0; step < toneSteps; step++) {
      const tone = (step / (toneSteps - 1)) * 2 - 1;
      const brightness = 1 + (contrast[kind] ?? 0.12) * tone;
      const values = spectrum(kind, tone);
      for (let band = 0; band < 5; band++)
        spectra[(kind * toneSteps + step) * 5 + band] = values[band] * brightness;
    }
  return spectra;
}

/** A 3 × 3 blur, as a telescope's optics make it, in place. */
function blur(values: Float32Array, spare: Float32Array): void {
  for (let row = 0; row < size; row++) {
    const start = row * size;
    spare[start] = values[start];
    spare[start + size - 1] = values[start + size - 1];
    for (let at = start + 1; at < start + size - 1; at++)
      spare[at] = 0.22 * (values[at - 1] + values[at + 1]) + 0.56 * values[at];
  }
  for (let at = size; at < size * (size - 1); at++)
    values[at] = 0.22 * (spare[at - size] + spare[at + size]) + 0.56 * spare[at];
}

/** How steeply the sun meets the slope, relative to flat land. */
function createLight(terrain: Terrain, season: Season): Float32Array {
  const zenith = (season.sunZenith * PI) / 180;
  const azimuth = (152 * PI) / 180;
  const east = sin(azimuth) * tan(zenith);
  const south = -cos(azimuth) * tan(zenith);
  const light = new Float32Array(size * size);
  for (let at = 0; at < light.length; at++) {
    const dx = terrain.slopeEast[at];
    const dy = terrain.slopeSouth[at];
    const cosine = (1 - dx * east - dy * south) / sqrt(1 + dx * dx + dy * dy);
    light[at] = min(1.45, max(0.22, 0.22 + 0.78 * cosine));
  }
  return light;
}

function addClouds(bands: readonly Float32Array[], clouds: Clouds): void {
  const { cloud, shadow } = clouds;
  bands.forEach((values, band) => {
    const dim = band < 3 ? 0.62 : 0.68;
    for (let at = 0; at < values.length; at++) {
      if (shadow[at] > 0) values[at] *= 1 - dim * shadow[at];
      const opacity = cloud[at];
      // Thick parts of a cloud are brighter than its rims.
      if (opacity > 0)
        values[at] += (cloudTop[band] * (0.72 + 0.36 * opacity) - values[at]) * min(1, 1.15 * opacity);
    }
  });
}

/** Columns from the west where the swath ends on a row. */
function swathEnd(row: number): number {
  return round(size * 0.9 - row * 0.23);
}

/** Classes of Sentinel-2's scene classification. */
const sceneClass = {
  none: 0,
  shadow: 3,
  vegetation: 4,
  bare: 5,
  water: 6,
  cloudMedium: 8,
  cloudHigh: 9,
  cirrus: 10,
  snow: 11,
} as const;

/** Draws the land as it looks on one date. */
export function createScene(terrain: Terrain, land: LandCover, season: Season, seed: number): Scene {
  const count = size * size;
  const spectra = createSpectra(season);
  const light = createLight(terrain, season);
  const clouds = createClouds(season.clouds);
  const bands = bandNames.map(() => new Float32Array(count));
  const snowCover = new Float32Array(count);
  for (let at = 0; at < count; at++) {
    const kind = land.kind[at];
    const tone = min(toneSteps - 1, max(0, ((land.tone[at] + 1) * 0.5 * (toneSteps - 1) + 0.5) | 0));
    const start = (kind * toneSteps + tone) * 5;
    let white = 0;
    if (kind !== cover.water && terrain.elevation[at] > season.snowLine - 300) {
      const slope = sqrt(terrain.slopeEast[at] ** 2 + terrain.slopeSouth[at] ** 2);
      const line = season.snowLine + 260 * slope + 60 * land.tone[at] + 90 * (light[at] - 1);
      white = smoothstep(line - 130, line + 190, terrain.elevation[at]);
      // Trees let little of it be seen from above.
      if (kind === cover.conifers || kind === cover.broadleaf) white *= 0.35;
      snowCover[at] = white;
    }
    const sun = kind === cover.water ? 1 : light[at];
    for (let band = 0; band < 5; band++)
      bands[band][at] = (spectra[start + band] * (1 - white) + snow[band] * white) * sun;
  }
  const spare = new Float32Array(count);
  for (const values of bands) blur(values, spare);
  if (clouds) addClouds(bands, clouds);
  const isOutside = (at: number) => season.isCut === true && at % size >= swathEnd(floor(at / size));

  // The atmosphere, and the noise of the detector.
  const haze = [0.012, 0.008, 0.005, 0.002, 0.001];
  const pack = (values: Float32Array, band: number, scale: 1 | 2): Uint16Array => {
    const side = size / scale;
    const out = new Uint16Array(side * side);
    for (let row = 0, to = 0; row < side; row++)
      for (let column = 0; column < side; column++, to++) {
        const at = row * scale * size + column * scale;
        if (isOutside(at)) continue;
        const value =
          scale === 1
            ? values[at]
            : (values[at] + values[at + 1] + values[at + size] + values[at + size + 1]) / 4;
        const grain = (random(column, row, seed * 8 + band) - 0.5) * (0.0032 + 0.018 * value);
        out[to] = min(16000, max(1, ((value + haze[band] + grain) * 10000 + 0.5) | 0));
      }
    return out;
  };
  const classes = new Uint8Array(count / 4);
  let cloudy = 0;
  let seen = 0;
  for (let row = 0, to = 0; row < size; row += 2)
    for (let column = 0; column < size; column += 2, to++) {
      const at = row * size + column;
      if (isOutside(at)) continue;
      seen++;
      const red = bands[2][at];
      const nir = bands[3][at];
      const opacity = clouds?.cloud[at] ?? 0;
      if (opacity > 0.12) cloudy++;
      classes[to] =
        opacity > 0.55
          ? sceneClass.cloudHigh
          : opacity > 0.12
            ? sceneClass.cloudMedium
            : opacity > 0.03
              ? sceneClass.cirrus
              : (clouds?.shadow[at] ?? 0) > 0.35
                ? sceneClass.shadow
                : land.kind[at] === cover.water
                  ? sceneClass.water
                  : snowCover[at] > 0.4
                    ? sceneClass.snow
                    : (nir - red) / (nir + red) > 0.4
                      ? sceneClass.vegetation
                      : sceneClass.bare;
    }
  return {
    bands: bands.map((values, band) => pack(values, band, band === 4 ? 2 : 1)),
    classes,
    cloudCover: round((10000 * cloudy) / seen) / 100,
  };
}
