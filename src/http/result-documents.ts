import type { JobAsset, JobRecord } from '../store/records/jobs/types';
import { apiUrl } from './address';
import { jobPath, openEOStatus } from './job-documents';
import { rfc3339 } from './log-documents';
import type { Link } from './paging';
import type { ApiRequest } from './route';

/** Addresses of a job's results that anybody may use until they expire. */
export interface SignedResults {
  readonly signature: string;
  readonly expires: Date;
}

const extensions = [
  'https://stac-extensions.github.io/file/v2.1.0/schema.json',
  'https://stac-extensions.github.io/projection/v1.2.0/schema.json',
  'https://stac-extensions.github.io/raster/v1.1.0/schema.json',
];
const ofItems = [...extensions, 'https://stac-extensions.github.io/timestamps/v1.1.0/schema.json'];
const world: Bbox = [-180, -90, 180, 90];
type Bbox = NonNullable<JobAsset['bbox']>;

/** Around all places that are known. */
function placeOf(assets: readonly JobAsset[]): Bbox | undefined {
  const boxes = assets.flatMap(({ bbox }) => (bbox ? [bbox] : []));
  if (boxes.length === 0) return undefined;
  const [wests, souths, easts, norths] = [0, 1, 2, 3].map((index) => boxes.map((box) => box[index]));
  return [Math.min(...wests), Math.min(...souths), Math.max(...easts), Math.max(...norths)];
}

/** From the first instant to the last one; null where nothing is known. */
function span(assets: readonly JobAsset[]): readonly [string | null, string | null] {
  const known = assets.flatMap(({ interval }) => (interval ? [interval] : []));
  const [starts, ends] = [0, 1].map((index) => known.flatMap((each) => each[index] ?? []).sort());
  return [starts[0] ?? null, ends[ends.length - 1] ?? null];
}

function polygon([west, south, east, north]: Bbox) {
  const ring = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  return { type: 'Polygon', coordinates: [ring] };
}

/** The STAC documents of a job's results. */
export class ResultDocuments {
  constructor(
    private readonly request: ApiRequest,
    private readonly job: JobRecord,
    private readonly signed: SignedResults,
  ) {}

  get #assets(): readonly JobAsset[] {
    return this.job.result?.assets ?? [];
  }

  get #status(): string {
    // The standard has no word for results of a job that waits for its next try.
    return this.job.status === 'queued' ? 'running' : openEOStatus(this.job.status);
  }

  #href(path: string): string {
    const { signature } = this.signed;
    const query = new URLSearchParams({ signature });
    return apiUrl(this.request, `${jobPath(this.job)}/results${path}?${query}`);
  }

  #assetDocument(asset: JobAsset): Record<string, unknown> {
    return {
      href: this.#href(`/assets/${encodeURIComponent(asset.name)}`),
      type: asset.mediaType,
      ...(asset.title !== undefined && { title: asset.title }),
      ...(asset.description !== undefined && { description: asset.description }),
      roles: asset.roles,
      'file:size': asset.size,
      ...(asset.checksum !== undefined && { 'file:checksum': asset.checksum }),
      ...asset.properties,
    };
  }

  #assetDocuments(assets: readonly JobAsset[]): Record<string, unknown> {
    return Object.fromEntries(assets.map((asset) => [asset.name, this.#assetDocument(asset)]));
  }

  /** The signed address of these results, which can be shared. */
  #canonical(): Link {
    return { rel: 'canonical', href: this.#href(''), type: 'application/json' };
  }

  collection(): Record<string, unknown> {
    const { job } = this;
    const bbox = placeOf(this.#assets);
    return {
      type: 'Collection',
      stac_version: '1.0.0',
      stac_extensions: extensions,
      id: job.id,
      ...(job.title !== undefined && { title: job.title }),
      description: job.description || 'Results of a batch job.',
      license: 'other',
      extent: {
        spatial: { bbox: [bbox ?? world] },
        temporal: { interval: [span(this.#assets)] },
      },
      'openeo:status': this.#status,
      expires: rfc3339(this.signed.expires),
      ...(job.result?.metadata && { 'tilegraph:result': job.result.metadata }),
      assets: this.#assetDocuments(this.#assets),
      links: [
        { rel: 'self', href: apiUrl(this.request, `${jobPath(job)}/results`), type: 'application/json' },
        this.#canonical(),
        ...this.#assets.map((asset) => ({
          rel: 'item',
          href: this.#itemHref(asset),
          type: 'application/geo+json',
        })),
      ],
    };
  }

  /** All results as one item. */
  whole(): Record<string, unknown> {
    const self = { rel: 'self', href: this.#href(''), type: 'application/geo+json' };
    return this.#feature(this.job.id, this.#assets, [self, this.#canonical()]);
  }

  item(asset: JobAsset): Record<string, unknown> {
    const above = { href: this.#href(''), type: 'application/json' };
    const links = [
      { rel: 'self', href: this.#itemHref(asset), type: 'application/geo+json' },
      ...['root', 'parent', 'collection'].map((rel) => ({ rel, ...above })),
    ];
    return { ...this.#feature(asset.name, [asset], links), collection: this.job.id };
  }

  #itemHref({ name }: JobAsset): string {
    return this.#href(`/items/${encodeURIComponent(name)}`);
  }

  #feature(id: string, assets: readonly JobAsset[], links: readonly Link[]): Record<string, unknown> {
    const { job } = this;
    const bbox = placeOf(assets);
    const [start, end] = span(assets);
    return {
      type: 'Feature',
      stac_version: '1.0.0',
      stac_extensions: ofItems,
      id,
      ...(bbox && { bbox }),
      geometry: bbox ? polygon(bbox) : null,
      properties: {
        // STAC wants an instant, or both ends of a time; data without time count from when they were made.
        ...(start !== null && end !== null && start !== end
          ? { datetime: null, start_datetime: start, end_datetime: end }
          : { datetime: start ?? rfc3339(job.completedAt ?? job.updatedAt) }),
        ...(job.title !== undefined && { title: job.title }),
        ...(job.description !== undefined && { description: job.description }),
        created: rfc3339(job.createdAt),
        updated: rfc3339(job.updatedAt),
        expires: rfc3339(this.signed.expires),
        'openeo:status': this.#status,
      },
      assets: this.#assetDocuments(assets),
      links,
    };
  }
}
