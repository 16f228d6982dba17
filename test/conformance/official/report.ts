import type { CaseResult, Status } from './suite';

const statuses: readonly Status[] = ['passed', 'failed', 'disputed', 'skipped'];

export type Totals = Readonly<Record<Status | 'cases', number>>;

export function totalsOf(results: readonly CaseResult[]): Totals {
  const count = (status: Status) => results.filter((result) => result.status === status).length;
  return {
    cases: results.length,
    ...{ passed: count('passed'), failed: count('failed'), disputed: count('disputed') },
    skipped: count('skipped'),
  };
}

/** One line for a case that did not pass; nothing for others. */
export function failureLines({ process, index, fingerprint, status, reason, outcome }: CaseResult): string {
  if (status === 'passed') return '';
  const line = (text = '') => text.replace(/\s+/g, ' ').slice(0, 400);
  const found = outcome === undefined ? '' : ` (${line(outcome)})`;
  return `${status.toUpperCase()} ${process} #${index} [${fingerprint}]: ${line(reason)}${found}\n`;
}

/** One row per process and the totals. */
export function table(results: readonly CaseResult[]): string {
  const byProcess = new Map<string, CaseResult[]>();
  for (const result of results) {
    const list = byProcess.get(result.process) ?? [];
    list.push(result);
    byProcess.set(result.process, list);
  }
  const width = Math.max(7, ...[...byProcess.keys()].map((id) => id.length));
  const row = (name: string, cells: readonly unknown[]) =>
    `${name.padEnd(width)}${cells.map((cell) => String(cell).padStart(10)).join('')}\n`;
  const counts = (list: readonly CaseResult[]) => {
    const totals = totalsOf(list);
    return [totals.cases, ...statuses.map((status) => totals[status])];
  };
  return [
    '\n',
    row('process', ['cases', ...statuses]),
    ...[...byProcess].map(([id, list]) => row(id, counts(list))),
    row('total', counts(results)),
  ].join('');
}
