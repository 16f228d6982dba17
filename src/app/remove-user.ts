import { UserFiles } from '../http/files/user-files';
import type { ApplicationParts } from './parts';

/**
 * Removes a user with services and the tiles that were drawn of them, with tokens, processes, jobs and files: whoever
 * gets the name next shall not find them. Map projects stay, as nobody's, for administrators to look after.
 * @throws UserError where there is no such user
 */
export async function removeUser(id: string, parts: ApplicationParts): Promise<void> {
  const { auth, config, objects, records, services } = parts;
  const { items } = await records.services.list({ ownerId: id });
  for (const service of items) await services.manager.remove({ id, name: id, roles: [] }, service.id);
  await auth.users.remove(id);
  await new UserFiles(objects, records.uploads, config.filesQuotaBytes).removeAll(id);
}
