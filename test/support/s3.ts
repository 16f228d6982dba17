import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { packagePath } from '../../src/base/paths';

export interface S3Server {
  readonly endpoint: string;
  /** What clients find in the AWS environment. */
  readonly credentials: { readonly AWS_ACCESS_KEY_ID: string; readonly AWS_SECRET_ACCESS_KEY: string };
  /** A new bucket's name. */
  newBucket(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a program that prints its port on a line and ends with its standard input. */
export async function startS3(
  command: readonly [string, ...string[]],
  credentials: S3Server['credentials'],
): Promise<S3Server> {
  const child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const port = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once('line', resolve);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${command.join(' ')} ended: ${errors}`)));
  });
  Object.assign(process.env, credentials);
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
  return {
    endpoint,
    credentials,
    async newBucket() {
      const bucket = `b-${randomUUID()}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      return bucket;
    },
    async stop() {
      client.destroy();
      child.stdin.end();
      await exited;
    },
  };
}

/** A server from the registry: all of S3 but conditional writes. */
export function startFauxqs(): Promise<S3Server> {
  const program = packagePath('test/support/children/fauxqs.mjs');
  return startS3([process.execPath, '--disable-warning=ExperimentalWarning', program], {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'secret',
  });
}

/** OpenStack Swift's S3 interface, in one process (Debian's packages); undefined where it is not installed. */
export const swiftPython: string | undefined = ['/usr/bin/python3'].find((python) => {
  const modules = 'swift.common.middleware.s3api.s3api, swift.proxy.server, swift.obj.server';
  return spawnSync(python, ['-c', `import ${modules}`], { stdio: 'ignore' }).status === 0;
});

/** Starts Swift: real signature checks and conditional writes. */
export function startSwift(): Promise<S3Server> {
  return startS3([swiftPython as string, packagePath('test/support/children/s3-of-swift.py')], {
    AWS_ACCESS_KEY_ID: 'test:tester',
    AWS_SECRET_ACCESS_KEY: 'testing',
  });
}
