// Taken once: in Jest's sandbox each look at a global costs more than the mathematics.
const { PI, abs, cos, floor, imul, min, sin } = Math;

/** A well mixed 32-bit number for a lattice point; the same on every machine. */
export function hash(x: number, y: number, seed: number): number {
  let h = imul(x, 0x27d4eb2d) ^ imul(y, 0x165667b1) ^ imul(seed, 0x9e3779b1);
  h = imul(h ^ (h >>> 15), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 0 ≤ number < 1 for a lattice point. */
export function random(x: number, y: number, seed: number): number {
  return hash(x, y, seed) / 4294967296;
}

const directions = Float32Array.from({ length: 32 }, (_, i) =>
  i % 2 ? sin(((i >> 1) * PI) / 8) : cos(((i >> 1) * PI) / 8),
);

function corner(column: number, row: number, dx: number, dy: number, seed: number): number {
  // One round of mixing is enough for a direction.
  let h = imul(column, 0x27d4eb2d) ^ imul(row, 0x165667b1) ^ seed;
  h = imul(h ^ (h >>> 15), 0x85ebca6b);
  const direction = (h >>> 27) & 30;
  return directions[direction] * dx + directions[direction + 1] * dy;
}

/** Gradient noise, about −0.7 … 0.7, features of size 1. */
export function noise(x: number, y: number, seed: number): number {
  const column = floor(x);
  const row = floor(y);
  seed = imul(seed, 0x9e3779b1);
  const dx = x - column;
  const dy = y - row;
  const u = dx * dx * dx * (dx * (dx * 6 - 15) + 10);
  const v = dy * dy * dy * (dy * (dy * 6 - 15) + 10);
  const top = corner(column, row, dx, dy, seed) * (1 - u) + corner(column + 1, row, dx - 1, dy, seed) * u;
  const bottom =
    corner(column, row + 1, dx, dy - 1, seed) * (1 - u) +
    corner(column + 1, row + 1, dx - 1, dy - 1, seed) * u;
  return top * (1 - v) + bottom * v;
}

/** Noise of several octaves, about −1 … 1. */
export function fractal(x: number, y: number, seed: number, octaves: number, gain = 0.5): number {
  let sum = 0;
  let amplitude = 1;
  for (let octave = 0; octave < octaves; octave++) {
    sum += amplitude * noise(x, y, seed + octave);
    amplitude *= gain;
    // Turned and moved, so that the lattices of octaves don't line up.
    const turned = 1.6 * x - 1.2 * y + 17.3;
    y = 1.2 * x + 1.6 * y + 5.1;
    x = turned;
  }
  return sum;
}

/** Noise with sharp crests, 0 … 1: mountains. */
export function ridged(x: number, y: number, seed: number, octaves: number): number {
  let sum = 0;
  let amplitude = 0.55;
  let weight = 1;
  for (let octave = 0; octave < octaves; octave++) {
    const crest = 1 - abs(noise(x, y, seed + octave)) * 1.7;
    const value = crest > 0 ? crest * crest * weight : 0;
    sum += amplitude * value;
    weight = min(1, value * 1.6);
    amplitude *= 0.5;
    const turned = 1.6 * x - 1.2 * y + 9.7;
    y = 1.2 * x + 1.6 * y + 31.9;
    x = turned;
  }
  return sum;
}

/** 0 below `low`, 1 above `high`, smooth between. */
export function smoothstep(low: number, high: number, value: number): number {
  const t = value <= low ? 0 : value >= high ? 1 : (value - low) / (high - low);
  return t * t * (3 - 2 * t);
}
