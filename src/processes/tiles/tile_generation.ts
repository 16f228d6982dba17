import { createHash, randomUUID } from 'node:crypto';
import { OpenEOError } from '../../base/errors';
import type { Arguments } from '../../graph/types';
import type { PyramidSource } from '../../pyramid/open-source';
import type { PyramidOptions } from '../../pyramid/options';
import { type Cube, isCube } from '../../raster/cube';
import type { AssetReference, JobHandle, ProcessContext } from '../context';
import { workspacePath } from '../workspace-file';

type Context = Pick<
  ProcessContext,
  'openFile' | 'findAsset' | 'pyramids' | 'job' | 'signal' | 'logger' | 'publicUrl'
>;

/** Tiles are stored; nothing of it may be cached or shared. */
export const effects = 'write';

/** Folders that runs in this process write to now: two pyramids never share one. */
const taken = new Set<string>();

interface Source {
  readonly source: PyramidSource;
  /** Changes with the source's bytes. */
  readonly version: string;
}

async function sourceOf(data: unknown, { openFile, findAsset }: Context): Promise<Source> {
  if (isCube(data))
    return { source: { kind: 'cube', cube: data as Cube }, version: (data as Cube).dataVersion };
  if (typeof data === 'string') {
    const path = workspacePath(data);
    // Tells at once whether there is such a file.
    const { version, body } = await openFile(path, { start: 0, end: 0 });
    body.on('error', () => {}).destroy();
    return { source: { kind: 'file', open: async () => (await openFile(path)).body }, version };
  }
  const reference = data as AssetReference;
  const open = await findAsset(reference);
  return { source: { kind: 'file', open }, version: reference.asset };
}

function optionsOf(args: Arguments): Partial<PyramidOptions> {
  const { data: _data, dry_run: _dryRun, ...options } = args;
  return options as Partial<PyramidOptions>;
}

/**
 * The folder of a pyramid below the job's. A job that goes on after a crash finds it again by its node and what it is
 * made of; where a node makes several, which of them is meant could be mistaken, and each begins anew.
 */
function folderOf(
  job: JobHandle,
  node: readonly string[],
  isOnce: boolean,
  { version }: Source,
  options: Partial<PyramidOptions>,
): string {
  const text = JSON.stringify([job.process, node, version, options]);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const folder = `pyramids/${job.id}/${hash}/`;
  return isOnce && !taken.has(folder) ? folder : `pyramids/${job.id}/${randomUUID()}/`;
}

/**
 * Makes a pyramid of tiles and stores it. In a batch job its progress is the job's, and what describes the tiles the
 * job's results.
 * @throws OpenEOError `AssetInvalid`, `RequestInvalid`; `ProcessGraphComplexity` outside of batch jobs
 */
export async function run(args: Arguments, context: Context, node: readonly string[] = []): Promise<unknown> {
  const { pyramids, job, signal, logger, publicUrl } = context;
  const found = await sourceOf(args.data, context);
  const { source } = found;
  const options = optionsOf(args);
  if (args.dry_run) return pyramids.estimate(source, options, { signal });
  if (!job)
    throw new OpenEOError('ProcessGraphComplexity', {
      reason: 'tile_generation stores many files: run it as a batch job (POST /jobs), or with dry_run.',
    });
  if (job.tryPyramid) return job.tryPyramid(source, options);
  const { filePrefix, isOnce } = job.pyramidPlace(node);
  const prefix = folderOf(job, node, isOnce, found, options);
  taken.add(prefix);
  try {
    const baseUrl = publicUrl && `${publicUrl}/api/jobs/${job.id}/tiles/${prefix.split('/')[2]}`;
    const { result, files, bbox } = await pyramids.generate(
      source,
      options,
      { prefix, name: 'tiles', baseUrl, keepSince: options.overwrite ? job.startedAt : undefined },
      {
        ...{ signal, logger },
        onStage: ({ percent, message }) => job.progress(percent, message),
      },
    );
    for (const { name, role, ...file } of files)
      await job.addAsset({
        ...file,
        name: `${filePrefix}${name}`,
        roles: [role],
        node: node.join('/'),
        bbox,
      });
    return result;
  } finally {
    taken.delete(prefix);
  }
}
