/** What GDAL's XML metadata says of one sample. */
export interface SampleMetadata {
  readonly scale?: number;
  readonly offset?: number;
  readonly description?: string;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function attribute(attributes: string, name: string): string | undefined {
  return new RegExp(`(?:^|\\s)${name}\\s*=\\s*["']([^"']*)["']`).exec(attributes)?.[1];
}

/** Scale, offset and description by sample from the `GDAL_METADATA` tag; unreadable parts are left out. */
export function readSampleMetadata(xml: string): ReadonlyMap<number, SampleMetadata> {
  const found = new Map<number, SampleMetadata>();
  for (const [, attributes, content] of xml.matchAll(/<Item\s([^>]*)>([^<]*)<\/Item>/g)) {
    const sample = Number(attribute(attributes, 'sample') ?? Number.NaN);
    if (!Number.isInteger(sample) || sample < 0) continue;
    const text = content.replace(/&(\w+);/g, (whole, name: string) =>
      Object.hasOwn(entities, name) ? entities[name] : whole,
    );
    const role = attribute(attributes, 'role') ?? attribute(attributes, 'name')?.toLowerCase();
    const number = Number(text);
    if (role === 'scale' && Number.isFinite(number) && number !== 0)
      found.set(sample, { ...found.get(sample), scale: number });
    else if (role === 'offset' && Number.isFinite(number))
      found.set(sample, { ...found.get(sample), offset: number });
    else if (role === 'description') found.set(sample, { ...found.get(sample), description: text });
  }
  return found;
}

/** The `GDAL_NODATA` tag: a number, or `nan`. */
export function readNodata(text: string): number | undefined {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === '') return undefined;
  if (/^[+-]?nan$/.test(trimmed)) return Number.NaN;
  if (/^[+-]?inf(inity)?$/.test(trimmed)) return trimmed.startsWith('-') ? -Infinity : Infinity;
  const value = Number(trimmed);
  return Number.isNaN(value) ? undefined : value;
}
