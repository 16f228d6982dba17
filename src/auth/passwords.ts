import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/** Work factors of scrypt. */
export interface PasswordCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** OWASP's recommendation for scrypt with 32 MiB of memory (Password Storage Cheat Sheet). */
export const defaultCost: PasswordCost = { N: 2 ** 15, r: 8, p: 3 };

const keyBytes = 32;

function derive(password: string, salt: Buffer, length: number, cost: PasswordCost): Promise<Buffer> {
  const options: ScryptOptions = { ...cost, maxmem: 256 * cost.N * cost.r };
  return new Promise((resolve, reject) =>
    scrypt(password.normalize('NFKC'), salt, length, options, (error, key) =>
      error ? reject(error) : resolve(key),
    ),
  );
}

/** `scrypt$N$r$p$salt$key`; salt and key in base64url, so hashes keep the cost that they were made with. */
export async function hashPassword(password: string, cost: PasswordCost = defaultCost): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, keyBytes, cost);
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/**
 * Tells whether the password belongs to the hash.
 * @param hash absent: the work is done all the same, so that the time doesn't tell who exists
 */
export async function verifyPassword(
  password: string,
  hash: string | undefined,
  cost: PasswordCost = defaultCost,
): Promise<boolean> {
  if (hash === undefined) {
    await derive(password, Buffer.alloc(16), keyBytes, cost);
    return false;
  }
  const [scheme, N, r, p, salt, key] = hash.split('$');
  if (scheme !== 'scrypt' || !key) throw new Error('A stored password hash is malformed');
  const expected = Buffer.from(key, 'base64url');
  const actual = await derive(password, Buffer.from(salt, 'base64url'), expected.length, {
    N: Number(N),
    r: Number(r),
    p: Number(p),
  });
  return timingSafeEqual(actual, expected);
}
