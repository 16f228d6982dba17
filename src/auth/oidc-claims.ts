import type { JWTPayload } from 'jose';
import type { OidcProvider } from '../config/types';
import type { Role } from '../store/records/types';

/** ID tokens name the same audience; what they alone carry tells them apart. */
export function isIdToken(claims: JWTPayload): boolean {
  return claims['at_hash'] !== undefined || claims['c_hash'] !== undefined || claims['typ'] === 'ID';
}

/**
 * The id of a provider's user: `{provider}~{subject}`, within the characters that openEO allows in user ids;
 * other bytes of the subject become `~` and two hexadecimal digits.
 */
export function oidcUserId(provider: string, subject: string): string {
  const bytes = Buffer.from(subject, 'utf8');
  let encoded = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    encoded += /[\w.-]/.test(character) ? character : `~${byte.toString(16).padStart(2, '0')}`;
  }
  return `${provider}~${encoded}`;
}

export function claimedRoles(provider: OidcProvider, claims: JWTPayload): Role[] {
  const claim = claimAt(claims, provider.rolesClaim as string);
  const values = Array.isArray(claim) ? claim : typeof claim === 'string' ? claim.split(/[\s,]+/) : [];
  const table = new Map(Object.entries(provider.roles ?? {}));
  const granted = new Set(values.map((value) => table.get(String(value))));
  return (['admin', 'uploader'] as const).filter((role) => granted.has(role));
}

/** A claim by its name, or by its path: Keycloak has `realm_access.roles`. */
function claimAt(claims: JWTPayload, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

export function firstText(...candidates: unknown[]): string {
  return (candidates.find((value) => typeof value === 'string' && value !== '') as string | undefined) ?? '';
}

export function optionalEmail(email: string): { email?: string } {
  return email === '' ? {} : { email };
}

/** Some providers end their issuer with a slash, which openEO forbids in the address of one. */
export function issuerForms(issuer: string): string[] {
  const base = issuer.replace(/\/$/, '');
  return [base, `${base}/`];
}
