import { randomBytes } from 'node:crypto';
import type { ApplicationParts } from '../app/parts';
import { removeUser } from '../app/remove-user';
import { type CommandLine, UsageError } from './arguments';
import { CommandError, print, readSecret, table } from './terminal';

const usage = 'users add|list|remove|password|role; "tilegraph --help" shows how';

function argument(line: CommandLine, index: number, what: string): string {
  const value = line.positionals[index];
  if (value === undefined) throw new UsageError(`${what} is missing: ${usage}`);
  return value;
}

/** `--password -` reads it from standard input; without the flag one is made up and printed. */
async function password(line: CommandLine): Promise<{ readonly value: string; readonly isMadeUp: boolean }> {
  const flag = line.flags['password'];
  if (flag === undefined) return { value: randomBytes(15).toString('base64url'), isMadeUp: true };
  if (flag !== '-')
    throw new UsageError(
      'A password on the command line is seen by others; use --password - and standard input',
    );
  return { value: await readSecret('Password'), isMadeUp: false };
}

/** The command `users`. @throws CommandError for what users can't be or do; UsageError */
export async function manageUsers(line: CommandLine, parts: ApplicationParts): Promise<number> {
  await parts.records.ping();
  try {
    return await manage(line, parts);
  } catch (error) {
    if (error instanceof Error && error.name === 'UserError')
      throw new CommandError(error.message, { cause: error });
    throw error;
  }
}

async function manage(line: CommandLine, parts: ApplicationParts): Promise<number> {
  const { users } = parts.auth;
  switch (line.positionals[0]) {
    case 'add': {
      const name = argument(line, 1, 'The name');
      const role = line.flags['role'];
      const { value, isMadeUp } = await password(line);
      await users.create(name, value, { roles: role === undefined ? [] : ([role] as never[]) });
      print(isMadeUp ? `Added ${name} with the password ${value}` : `Added ${name}`);
      return 0;
    }
    case 'list': {
      const all = await users.list();
      print(
        table(
          ['Id', 'Name', 'Roles'],
          all.map(({ id, name, roles }) => [id, name, roles.join(', ') || '-']),
        ),
      );
      return 0;
    }
    case 'remove': {
      const name = argument(line, 1, 'The name');
      await removeUser(name, parts);
      print(`Removed ${name}`);
      return 0;
    }
    case 'password': {
      const name = argument(line, 1, 'The name');
      const { value, isMadeUp } = await password(line);
      await users.setPassword(name, value);
      print(isMadeUp ? `The new password of ${name} is ${value}` : `Changed the password of ${name}`);
      return 0;
    }
    case 'role': {
      const name = argument(line, 1, 'The name');
      const role = argument(line, 2, 'The role');
      await users.setRoles(name, role === 'none' ? [] : [role]);
      print(`${name} now has ${role === 'none' ? 'no role' : `the role ${role}`}`);
      return 0;
    }
    default:
      throw new UsageError(usage);
  }
}
