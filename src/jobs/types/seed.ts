import type { SeedArea } from '../../services/seed-area';
import { tooComplex } from '../estimate';
import type { JobType } from '../job-type';

/** Which tiles of which service are drawn ahead, or removed. */
export interface SeedPayload {
  readonly service_id: string;
  readonly minzoom: number;
  readonly maxzoom: number;
  readonly bbox?: SeedArea['bbox'];
  readonly truncate?: boolean;
}

const zoom = { type: 'integer', minimum: 0, maximum: 24 } as const;

/** Draws tiles of a service into the object store, from which the service then serves them. */
export const seed: JobType<SeedPayload & Readonly<Record<string, unknown>>> = {
  id: 'seed',
  payload: {
    type: 'object',
    required: ['service_id', 'minzoom', 'maxzoom'],
    additionalProperties: false,
    properties: {
      service_id: { type: 'string', minLength: 1 },
      minzoom: zoom,
      maxzoom: zoom,
      bbox: { type: 'array', items: { type: 'number' }, minItems: 4, maxItems: 4 },
      truncate: { type: 'boolean' },
    },
  },
  retry: { attempts: 5, delayMs: 2000 },
  async run({ service_id, truncate, ...area }, { services: { seeder }, signal, progress, logger }) {
    progress(1, truncate ? 'Removing tiles…' : 'Drawing tiles…');
    const summary = truncate
      ? await seeder.truncate(service_id, area, signal)
      : await seeder.seed(service_id, area, signal, ({ total, done }) =>
          progress(1 + (98 * done) / Math.max(1, total), `Drawing tiles… ${done} of ${total}`),
        );
    logger.info(`${summary.made} tiles drawn, ${summary.fresh} still right, ${summary.removed} removed`);
    return { ...summary };
  },
  async estimate({ service_id, truncate, ...area }, { services: { seeder }, signal }) {
    if (truncate) throw tooComplex('it only removes tiles, which cannot be tried out.');
    const trial = await seeder.tryOut(service_id, area, signal);
    return { ...trial, values: trial.pixels };
  },
};
