import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApplicationParts, openParts } from '../../../src/app/parts';
import { silentLogger } from '../../../src/base/logger';
import { loadConfig } from '../../../src/config/load';
import { type CaseFile, caseProblem, fingerprintOf, type OfficialCase } from './case-file';
import { failureOf } from './run-case';

export type Status = 'passed' | 'failed' | 'disputed' | 'skipped';

export interface CaseResult {
  readonly process: string;
  /** Zero-based position in the file. */
  readonly index: number;
  readonly fingerprint: string;
  readonly status: Status;
  /** Why the case fails, is disputed or left out. */
  readonly reason?: string;
  /** What happens in a disputed case. */
  readonly outcome?: string;
}

interface Dispute {
  readonly process: string;
  readonly fingerprint: string;
  /** How the case contradicts the text of the specification. */
  readonly reason: string;
}

interface Exemptions {
  readonly disputed: readonly Dispute[];
  /** Processes that are not offered, with the reason. */
  readonly notOffered: Readonly<Record<string, string>>;
}

const exemptions = JSON.parse(readFileSync(join(__dirname, 'exemptions.json'), 'utf8')) as Exemptions;
const disputes = new Map(
  exemptions.disputed.map(({ process, fingerprint, reason }) => [`${process} ${fingerprint}`, reason]),
);

/** Runs cases, wherever. */
export interface CaseRunner {
  run(file: CaseFile, index: number): Promise<CaseResult>;
  close(): Promise<void>;
}

export interface Suite extends CaseRunner {
  readonly parts: ApplicationParts;
}

/** What comes of a case: nothing to say of it, why it fails, or why it cannot be tried. */
export type Attempt = (
  file: CaseFile,
  test: OfficialCase,
) => Promise<{ readonly failure?: string; readonly skipped?: string }>;

/** The program itself, without its HTTP server, on stores of its own. */
export async function openSuite(): Promise<Suite> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tilegraph-conformance-'));
  const parts = await openParts(loadConfig({ defaults: { dataDir, workers: 0 } }), silentLogger);
  const { runner, registry } = parts;
  const attempt: Attempt = async ({ id, file }, test) => ({
    failure: await failureOf(runner, id, file, test),
  });
  return {
    parts,
    run: (file, index) => judge(file, index, (id) => registry.has(id), attempt),
    async close() {
      await parts.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Tries a case where there is something to try, and looks up disputes where it fails. */
export async function judge(
  file: CaseFile,
  index: number,
  isOffered: (process: string) => boolean,
  attempt: Attempt,
): Promise<CaseResult> {
  const { id } = file;
  const test: OfficialCase = file.tests[index];
  const problem = caseProblem(test);
  if (problem !== undefined)
    return { process: id, index, fingerprint: '-', status: 'failed', reason: problem };
  const fingerprint = fingerprintOf(id, test);
  const base = { process: id, index, fingerprint };
  if (!isOffered(id)) {
    const isExempt = Object.hasOwn(exemptions.notOffered, id);
    const reason = isExempt ? exemptions.notOffered[id] : `there is no process ${id}`;
    return { ...base, status: isExempt ? 'skipped' : 'failed', reason };
  }
  const missing = test.required?.find((name) => !isOffered(name));
  if (missing !== undefined)
    return { ...base, status: 'skipped', reason: `it needs the process ${missing}, which is not offered` };
  const { failure, skipped } = await attempt(file, test);
  if (skipped !== undefined) return { ...base, status: 'skipped', reason: skipped };
  if (failure === undefined) return { ...base, status: 'passed' };
  const dispute = disputes.get(`${id} ${fingerprint}`);
  return dispute === undefined
    ? { ...base, status: 'failed', reason: failure }
    : { ...base, status: 'disputed', reason: dispute, outcome: failure };
}
