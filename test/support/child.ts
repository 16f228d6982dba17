import { type ChildProcess, spawn } from 'node:child_process';
import { packagePath } from '../../src/base/paths';

export interface Child {
  readonly process: ChildProcess;
  /** Resolves when the process ends well, with what it printed; rejects with its errors otherwise. */
  readonly ended: Promise<string>;
}

/** Runs a TypeScript file of the tests (`test/store/children/…`) in a process of its own. */
export function runChild(file: string, args: readonly string[]): Child {
  const command = [
    '--disable-warning=ExperimentalWarning',
    '--require',
    packagePath('test/support/typescript.cjs'),
  ];
  const child = spawn(process.execPath, [...command, packagePath(file), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      code === 0 ? resolve(output) : reject(new Error(`${file} ended with ${code ?? signal}: ${errors}`)),
    );
  });
  return { process: child, ended };
}
