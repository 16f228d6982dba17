import exemptions from './exemptions.json';

/** Exceptions that a description names in its text, and otherwise in its list of exceptions, which counts here. */
const otherNames = new Map<string, Readonly<Record<string, string>>>(Object.entries(exemptions.otherNames));

/** Whether an error is one that a case wants: any for true, else the one of that name. */
export function isWantedError(process: string, throws: unknown, code: string): boolean {
  if (throws === true || throws === code) return true;
  const names = otherNames.get(process);
  return typeof throws === 'string' && names !== undefined && Object.hasOwn(names, throws)
    ? names[throws] === code
    : false;
}
