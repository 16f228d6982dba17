import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApplicationParts, openParts } from '../../../src/app/parts';
import { silentLogger } from '../../../src/base/logger';
import { loadConfig } from '../../../src/config/load';
import { type CaseFile, fingerprintOf, type OfficialCase } from './case-file';
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

export interface Suite {
  readonly parts: ApplicationParts;
  run(file: CaseFile, index: number): Promise<CaseResult>;
  close(): Promise<void>;
}

/** The program itself, without its HTTP server, on stores of its own. */
export async function openSuite(): Promise<Suite> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tilegraph-conformance-'));
  const parts = await openParts(loadConfig({ defaults: { dataDir, workers: 0 } }), silentLogger);
  return {
    parts,
    run: (file, index) => runOne(parts, file, index),
    async close() {
      await parts.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function runOne(
  { runner, registry }: ApplicationParts,
  { id, file, tests }: CaseFile,
  index: number,
): Promise<CaseResult> {
  const test: OfficialCase = tests[index];
  const fingerprint = fingerprintOf(id, test);
  const base = { process: id, index, fingerprint };
  const missing = [id, ...(test.required ?? [])].find((name) => !registry.has(name));
  if (missing !== undefined) {
    const isExempt = Object.hasOwn(exemptions.notOffered, missing);
    const reason = isExempt ? exemptions.notOffered[missing] : `there is no process ${missing}`;
    return { ...base, status: isExempt ? 'skipped' : 'failed', reason };
  }
  const failure = await failureOf(runner, id, file, test);
  if (failure === undefined) return { ...base, status: 'passed' };
  const dispute = disputes.get(`${id} ${fingerprint}`);
  return dispute === undefined
    ? { ...base, status: 'failed', reason: failure }
    : { ...base, status: 'disputed', reason: dispute, outcome: failure };
}
