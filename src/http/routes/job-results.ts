import type { Auth } from '../../auth/auth';
import { endOfSignature } from '../../auth/signed-addresses';
import { OpenEOError } from '../../base/errors';
import type { Jobs } from '../../jobs/jobs';
import type { ObjectStore } from '../../store/objects/types';
import type { JobRecord } from '../../store/records/jobs/types';
import { sendStored } from '../files/send';
import { storedObject } from '../files/stored-object';
import { failureEntry } from '../job-documents';
import { queryValue } from '../paging';
import { ResultDocuments } from '../result-documents';
import { type ApiRequest, callerOf, type Route } from '../route';

export interface ResultParts {
  readonly jobs: Jobs;
  readonly auth: Pick<Auth, 'sign' | 'verify'>;
  readonly objects: ObjectStore;
  /** How long signed addresses of results are good. */
  readonly linkSeconds: number;
}

/** Starting and ending batch jobs, and what they made. */
export function jobResultRoutes({ jobs: { manager }, auth, objects, linkSeconds }: ResultParts): Route[] {
  const id = (request: ApiRequest) => request.params['job_id'];

  /** The job of a signed address, or of its owner. */
  async function readable(request: ApiRequest): Promise<JobRecord> {
    const signature = queryValue(request, 'signature');
    if (signature === undefined) {
      if (!request.context.user) throw new OpenEOError('AuthenticationRequired');
      return manager.get(request.context.user, id(request));
    }
    if (!(await auth.verify(`job:${id(request)}`, signature))) {
      const isOver = (endOfSignature(signature) ?? Number.POSITIVE_INFINITY) <= new Date();
      throw new OpenEOError(isOver ? 'ResultLinkExpired' : 'SignatureInvalid');
    }
    return manager.find(id(request));
  }

  /** Its addresses end in `linkSeconds`; those for who came by a signed address end with that one. */
  async function documents(request: ApiRequest, job: JobRecord): Promise<ResultDocuments> {
    const given = queryValue(request, 'signature');
    const end = given === undefined ? undefined : endOfSignature(given);
    if (given !== undefined && end)
      return new ResultDocuments(request, job, { signature: given, expires: end });
    const expires = new Date(Date.now() + linkSeconds * 1000);
    const signature = await auth.sign(`job:${job.id}`, linkSeconds);
    return new ResultDocuments(request, job, { signature, expires });
  }

  const assetOf = (job: JobRecord, name: string) => {
    const asset = job.result?.assets.find((each) => each.name === name);
    if (!asset) throw new OpenEOError('FileNotFound', { file: name });
    return asset;
  };

  return [
    {
      method: 'POST',
      path: '/jobs/{job_id}/results',
      access: 'user',
      async handle(request, response) {
        await manager.start(callerOf(request), id(request));
        response.status(202).end();
      },
    },
    {
      method: 'DELETE',
      path: '/jobs/{job_id}/results',
      access: 'user',
      async handle(request, response) {
        await manager.cancel(callerOf(request), id(request));
        response.status(204).end();
      },
    },
    {
      method: 'GET',
      path: '/jobs/{job_id}/results',
      access: 'optional',
      async handle(request, response) {
        const job = await readable(request);
        const isPartial = partial(request);
        const hasResults = (job.result?.assets.length ?? 0) > 0;
        response.setHeader('Cache-Control', 'no-store');
        if (job.status === 'created') throw new OpenEOError('JobNotStarted');
        if (job.status === 'failed' && !(isPartial && hasResults)) {
          response.status(424).json(failureEntry(job, await manager.lastError(job)));
          return;
        }
        const isOver = job.status !== 'queued' && job.status !== 'running';
        if (!isOver && !(isPartial && (hasResults || job.status === 'running')))
          throw new OpenEOError('JobNotFinished');
        if (isOver && !job.result) {
          const message = 'The results have expired and were removed; start the job again to get them.';
          throw new OpenEOError('ResultLinkExpired', {}, { message });
        }
        response.setHeader('OpenEO-Costs', '0');
        const made = await documents(request, job);
        const wanted = request.accepts(['application/json', 'application/geo+json']);
        const isItem = wanted === 'application/geo+json';
        response.setHeader('Content-Type', isItem ? 'application/geo+json' : 'application/json');
        response.setHeader('Vary', 'Accept');
        response.end(JSON.stringify(isItem ? made.whole() : made.collection()));
      },
    },
    {
      method: 'GET',
      path: '/jobs/{job_id}/results/items/{asset}',
      access: 'optional',
      isListed: false,
      async handle(request, response) {
        const job = await readable(request);
        const item = (await documents(request, job)).item(assetOf(job, request.params['asset']));
        response.setHeader('Content-Type', 'application/geo+json');
        response.setHeader('Cache-Control', 'no-store');
        response.end(JSON.stringify(item));
      },
    },
    {
      method: 'GET',
      path: '/jobs/{job_id}/results/assets/{asset}',
      access: 'optional',
      isListed: false,
      async handle(request, response) {
        const asset = assetOf(await readable(request), request.params['asset']);
        response.setHeader('Content-Type', asset.mediaType);
        response.setHeader(
          'Content-Disposition',
          `attachment; filename*=UTF-8''${encodeURIComponent(asset.name)}`,
        );
        response.setHeader('Cache-Control', 'private, no-cache');
        const missing = () => new OpenEOError('FileNotFound', { file: asset.name });
        await sendStored(request, response, storedObject(objects, asset.key, missing));
      },
    },
  ];
}

/** `partial` may come without a value, as the standard has it. */
function partial(request: ApiRequest): boolean {
  const value = queryValue(request, 'partial');
  if (value === undefined || value === 'false') return false;
  if (value === '' || value === 'true') return true;
  throw new OpenEOError('RequestInvalid', { reason: 'partial must be true or false' });
}
