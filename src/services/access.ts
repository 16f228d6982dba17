import { OpenEOError } from '../base/errors';
import type { ServiceRecord, User } from '../store/records/types';
import type { XyzSettings } from './configuration';

/** True for the owner of a service and for administrators. */
export function mayManage(service: ServiceRecord, user: User | undefined): boolean {
  return user !== undefined && (user.id === service.ownerId || user.roles.includes('admin'));
}

/** True where the scope lets this caller see the tiles of a service. */
function maySee(service: ServiceRecord, settings: XyzSettings, user: User | undefined): boolean {
  if (settings.scope === 'public' || mayManage(service, user)) return true;
  return settings.scope === 'restricted' && user !== undefined && settings.authorizedUsers.includes(user.id);
}

/** @throws OpenEOError `AuthenticationRequired` without a login, `PermissionsInsufficient` with the wrong one */
export function requireSight(service: ServiceRecord, settings: XyzSettings, user: User | undefined): void {
  if (maySee(service, settings, user)) return;
  if (!user) throw new OpenEOError('AuthenticationRequired');
  throw new OpenEOError('PermissionsInsufficient', {
    reason: `the service is ${settings.scope}; ask its owner for access`,
  });
}
