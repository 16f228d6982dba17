import type { RequestHandler } from 'express';
import type { Auth } from '../../auth/auth';
import { OpenEOError } from '../../base/errors';
import { contextOf } from '../context';
import type { Route } from '../route';

/**
 * Finds out who asks and whether that one may.
 * @throws OpenEOError `AuthenticationRequired`, `PermissionsInsufficient`, and what `Auth.authenticate` throws
 */
export function requireAccess(auth: Auth, access: Route['access']): RequestHandler {
  return async (request, _response, next) => {
    if (access === 'public') return next();
    const context = contextOf(request);
    context.user = await auth.authenticate(request.headers.authorization);
    if (access !== 'optional') {
      if (!context.user) throw new OpenEOError('AuthenticationRequired');
      if (access === 'admin' && !context.user.roles.includes('admin'))
        throw new OpenEOError('PermissionsInsufficient', { reason: 'this needs the role "admin"' });
    }
    next();
  };
}
