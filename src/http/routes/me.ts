import type { Backend } from '../backend';
import type { UserFiles } from '../files/user-files';
import { callerOf, type Route } from '../route';

export function meRoutes({ settings }: Backend, files: UserFiles): Route[] {
  return [
    {
      method: 'GET',
      path: '/me',
      access: 'user',
      async handle(request, response) {
        const user = callerOf(request);
        const quota = settings.filesQuotaBytes;
        const used = await files.usedBytes(user.id);
        response.json({
          user_id: user.id,
          name: user.name,
          roles: user.roles,
          storage: { quota, free: Math.max(0, quota - used) },
          budget: null,
          links: [],
        });
      },
    },
  ];
}
