import { randomBytes } from 'node:crypto';
import type { RecordStore, Role, User, UserRecord } from '../store/records/types';
import { defaultCost, hashPassword, type PasswordCost } from './passwords';
import { publicUser } from './tokens';

const roles: readonly Role[] = ['admin', 'uploader'];

/** Ids of users with a password. Ids from other providers contain `~`, so the two never meet. */
const namePattern = /^\w[\w.-]{0,63}$/;
const minPasswordLength = 8;

/** True for ids that users with a password can have. */
export function isUserId(id: string): boolean {
  return namePattern.test(id);
}

/** A request to change users that cannot be done as asked; the message says why. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** Manages users who log in with a password. Changes reach every server process within a second. */
export class Users {
  constructor(
    readonly records: Pick<RecordStore, 'users' | 'tokens'>,
    readonly cost: PasswordCost = defaultCost,
  ) {}

  /** @throws UserError when the id is malformed or taken, the password too short or a role unknown */
  async create(
    id: string,
    password: string,
    details: { readonly roles?: readonly Role[]; readonly name?: string; readonly email?: string } = {},
  ): Promise<User> {
    if (!isUserId(id))
      throw new UserError(`"${id}" is no user id: up to 64 letters, digits, "_", "-" and ".", no sign first`);
    const user: UserRecord = {
      id,
      name: details.name ?? id,
      ...(details.email !== undefined && { email: details.email }),
      roles: checkRoles(details.roles ?? []),
      passwordHash: await this.#hash(password),
      createdAt: new Date(),
    };
    if (!(await this.records.users.create(user))) throw new UserError(`There is a user "${id}" already`);
    return publicUser(user);
  }

  /** Ends the user's tokens too. @throws UserError */
  async setPassword(id: string, password: string): Promise<void> {
    const user = await this.#get(id);
    await this.records.users.put({ ...user, passwordHash: await this.#hash(password) });
    await this.records.tokens.removeOf(id);
  }

  /** @throws UserError */
  async setRoles(id: string, wanted: readonly string[]): Promise<void> {
    await this.records.users.put({ ...(await this.#get(id)), roles: checkRoles(wanted) });
  }

  /** With tokens, services and stored processes. @throws UserError */
  async remove(id: string): Promise<void> {
    if (!(await this.records.users.remove(id))) throw new UserError(`There is no user "${id}"`);
  }

  async list(): Promise<User[]> {
    const all: User[] = [];
    let after: string | undefined;
    do {
      const page = await this.records.users.list({ limit: 1000, after });
      all.push(...page.items.map(publicUser));
      after = page.next;
    } while (after !== undefined);
    return all;
  }

  async #get(id: string): Promise<UserRecord> {
    const user = await this.records.users.get(id);
    if (!user) throw new UserError(`There is no user "${id}"`);
    return user;
  }

  #hash(password: string): Promise<string> {
    if (password.length < minPasswordLength)
      throw new UserError(`A password needs at least ${minPasswordLength} characters`);
    return hashPassword(password, this.cost);
  }
}

function checkRoles(wanted: readonly string[]): Role[] {
  const unknown = wanted.filter((role) => !roles.includes(role as Role));
  if (unknown.length > 0)
    throw new UserError(`Unknown roles: ${unknown.join(', ')}; there are ${roles.join(' and ')}`);
  return roles.filter((role) => wanted.includes(role));
}

/**
 * Makes the first administrator, unless that user exists. Several servers may start at once: only the one
 * that made the user gets the password.
 * @returns the password that was made up because none was given, to be printed once
 */
export async function ensureAdmin(
  records: Pick<RecordStore, 'users' | 'tokens'>,
  admin: { readonly id: string; readonly password?: string; readonly cost?: PasswordCost },
): Promise<{ readonly generatedPassword?: string }> {
  if (await records.users.get(admin.id)) return {};
  const password = admin.password ?? randomBytes(15).toString('base64url');
  try {
    await new Users(records, admin.cost).create(admin.id, password, { roles: ['admin'] });
  } catch (error) {
    if (error instanceof UserError && (await records.users.get(admin.id))) return {};
    throw error;
  }
  return admin.password === undefined ? { generatedPassword: password } : {};
}
