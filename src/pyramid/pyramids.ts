import type { Logger } from '../base/logger';
import type { Estimate } from './estimate';
import { dryRun, generate, tryOut } from './generate';
import type { GenerateTarget, Generation, PyramidParts } from './generation';
import { inspectFile, type PyramidSource } from './open-source';
import { completeOptions, type PyramidOptions } from './options';
import type { Stage } from './stages';
import type { Trial, TrialTools } from './try-out';

/** What happens around one generation. */
export interface GenerationHooks {
  readonly signal: AbortSignal;
  readonly logger: Logger;
  onStage(stage: Stage): void;
}

/** The making of tile pyramids, for rooms that only ask for it. */
export interface Pyramids {
  /** What a local file is as a source of tiles. @throws OpenEOError `AssetInvalid` where it is none */
  inspect(path: string, signal: AbortSignal): ReturnType<typeof inspectFile>;
  /** What would be made, without making it. @throws as `generate` */
  estimate(
    source: PyramidSource,
    options: Partial<PyramidOptions>,
    hooks: Pick<GenerationHooks, 'signal'>,
  ): Promise<Estimate>;
  /** What it would take, by a sample that is made and thrown away. @throws as `generate` */
  tryOut(source: PyramidSource, options: Partial<PyramidOptions>, tools: TrialTools): Promise<Trial>;
  /** @throws OpenEOError `AssetInvalid`, `RequestInvalid`, storage errors; the signal's reason */
  generate(
    source: PyramidSource,
    options: Partial<PyramidOptions>,
    target: GenerateTarget,
    hooks: GenerationHooks,
  ): Promise<Generation>;
}

export function createPyramids(parts: PyramidParts): Pyramids {
  return {
    inspect: (path, signal) => inspectFile(path, { ...parts, signal }),
    estimate: (source, options, hooks) => dryRun(source, completeOptions(options), { ...parts, ...hooks }),
    tryOut: (source, options, tools) => tryOut(source, completeOptions(options), { ...parts, ...tools }),
    generate: (source, options, target, hooks) =>
      generate(source, completeOptions(options), target, { ...parts, ...hooks }),
  };
}
