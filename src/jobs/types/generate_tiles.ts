import { OpenEOError } from '../../base/errors';
import type { Generation } from '../../pyramid/generation';
import type { PyramidSource } from '../../pyramid/open-source';
import { optionSchemas, type PyramidOptions } from '../../pyramid/options';
import type { JobRecord } from '../../store/records/jobs/types';
import type { JobContext, JobParts, JobType } from '../job-type';
import { quietProject } from '../running-generation';

/** What the generation of a version's tiles needs to know. */
export interface GenerationPayload {
  /** The source, in the object store. */
  readonly key: string;
  /** Where the tiles go: a folder of this job alone, with a slash at the end. */
  readonly prefix: string;
  readonly name: string;
  /** Where readers will find the folder once it is published. */
  readonly base_url?: string;
  readonly options: Partial<PyramidOptions>;
}

/** Whether readers of a project may be led to a folder, or are. */
async function isInUse(job: JobRecord, prefix: string, { records }: JobParts): Promise<boolean> {
  if (job.versionId === undefined) return false;
  const version = await records.projects.version(job.versionId);
  return version?.staged?.path === prefix || version?.published?.path === prefix;
}

/** @throws OpenEOError `VersionNotFound`, `VersionNotDraft`; not for what this very job made public before */
async function requireDraft(
  { job, records }: Pick<JobContext, 'job' | 'records'>,
  prefix: string,
): Promise<void> {
  if (job.versionId === undefined) return;
  const version = await records.projects.version(job.versionId);
  if (!version)
    throw new OpenEOError('VersionNotFound', { slug: job.projectId ?? '', version: job.versionId });
  if (version.status !== 'draft' && version.published?.path !== prefix)
    throw new OpenEOError('VersionNotDraft', { version: version.version, status: version.status });
}

async function stage({ job, records }: JobContext, prefix: string, { result }: Generation): Promise<boolean> {
  if (job.versionId === undefined) return true;
  return records.projects.stage(job.versionId, { path: prefix, jobId: job.id, result: { ...result } });
}

function sourceOf({ key }: GenerationPayload, { objects }: JobParts): PyramidSource {
  return {
    kind: 'file',
    open: async () => (await objects.get(key))?.body,
    link: (path) => objects.link(key, path),
  };
}

/** Makes the tiles of a draft from an asset, below the draft's staging folder. */
export const generateTiles: JobType<GenerationPayload & Readonly<Record<string, unknown>>> = {
  id: 'generate_tiles',
  payload: {
    type: 'object',
    required: ['key', 'prefix', 'name', 'options'],
    additionalProperties: false,
    properties: {
      key: { type: 'string', minLength: 1 },
      prefix: { type: 'string', pattern: '^mp/.+/$' },
      name: { type: 'string' },
      base_url: { type: 'string' },
      options: { type: 'object', additionalProperties: false, properties: optionSchemas },
    },
  },
  retry: { attempts: 5, delayMs: 2000 },
  async admit(job, { records }) {
    const { id, slug, activeJobId } = await quietProject(records, job);
    if (await records.projects.activate(id, job.id, activeJobId)) return;
    const now = await records.projects.get(slug);
    throw new OpenEOError('GenerationRunning', { job: now?.activeJobId ?? '' });
  },
  async run(payload, context) {
    const { prefix, name, base_url, options } = payload;
    const { job, pyramids, signal, logger } = context;
    await requireDraft(context, prefix);
    const source = sourceOf(payload, context);
    const keepSince = options.overwrite ? job.queuedAt : undefined;
    const target = { prefix, name, baseUrl: base_url, keepSince };
    const generation = await pyramids.generate(source, options, target, {
      ...{ signal, logger },
      onStage: ({ percent, message }) => context.progress(percent, message),
    });
    if (!(await stage(context, prefix, generation))) await requireDraft(context, prefix);
    for (const { role, ...file } of generation.files)
      await context.addAsset({ ...file, roles: [role], bbox: generation.bbox });
    return { ...generation.result };
  },
  async estimate(payload, context) {
    await requireDraft(context, payload.prefix);
    const tools = { signal: context.signal, bytesRead: () => 0 };
    const trial = await context.pyramids.tryOut(sourceOf(payload, context), payload.options, tools);
    return { ...trial, values: trial.pixels };
  },
  async discard(job, parts, kept = new Set()) {
    const { prefix } = job.payload as unknown as GenerationPayload;
    if ([...kept].some((key) => key.startsWith(prefix)) || (await isInUse(job, prefix, parts))) return;
    await parts.objects.removeAll(prefix);
  },
};
