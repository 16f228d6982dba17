import type { ServerOptions } from '../../tile-client';
import { type CommandLine, UsageError } from '../arguments';
import { CommandError, readSecret } from '../terminal';

/** The variable that carries a token, where others could read the command line. */
const tokenVariable = 'TILEGRAPH_TOKEN';

/** A flag that takes a value. @throws UsageError where it is missing */
export function textFlag(line: CommandLine, name: string): string {
  const value = line.flags[name];
  if (typeof value !== 'string' || value === '')
    throw new UsageError(`--${name} is missing; "tilegraph --help" shows how`);
  return value;
}

/** @throws UsageError unless the flag is missing or a number from `min` on */
export function numberFlag(line: CommandLine, name: string, min: number): number | undefined {
  const text = line.flags[name];
  if (text === undefined) return undefined;
  const value = typeof text === 'string' && text.trim() !== '' ? Number(text) : Number.NaN;
  if (!(value >= min && Number.isFinite(value)))
    throw new UsageError(`--${name} must be a number from ${min} on.`);
  return value;
}

async function logIn(server: string, user: string): Promise<string> {
  const password = await readSecret('Password');
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const url = `${server.replace(/\/+$/, '')}/openeo/1.2/credentials/basic`;
  const response = await fetch(url, { headers: { authorization } }).catch((error: Error) => {
    throw new CommandError(`${server} cannot be reached.`, { cause: error });
  });
  if (!response.ok) throw new CommandError(`The server refuses the login of ${user} (${response.status}).`);
  const { access_token: token } = (await response.json()) as { access_token: string };
  return `basic//${token}`;
}

async function tokenOf(line: CommandLine, server: string): Promise<string | undefined> {
  const { token, user } = line.flags;
  if (typeof user === 'string') return logIn(server, user);
  if (token === '-') return readSecret('Token');
  if (token !== undefined)
    throw new UsageError(
      `A token on the command line is seen by others; set ${tokenVariable}, or use --token - and standard input`,
    );
  return process.env[tokenVariable] || undefined;
}

/** The flags of every command that talks to a server. @throws UsageError, CommandError */
export async function serverOptions(
  line: CommandLine,
): Promise<ServerOptions & { readonly signal: AbortSignal }> {
  const server = textFlag(line, 'server');
  const token = await tokenOf(line, server);
  const retries = numberFlag(line, 'retries', 0);
  const stopping = new AbortController();
  // The first one ends the command in order; a second one ends the process.
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => stopping.abort(new Error('interrupted')));
  return { server, token, ...(retries !== undefined && { retries }), signal: stopping.signal };
}
