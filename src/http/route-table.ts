import type { Backend } from './backend';
import { UserFiles } from './files/user-files';
import type { Route } from './route';
import { adminProcessRoutes } from './routes/admin-processes';
import { capabilitiesRoutes } from './routes/capabilities';
import { collectionRoutes } from './routes/collections';
import { credentialsRoutes } from './routes/credentials';
import { fileFormatRoutes } from './routes/file-formats';
import { fileRoutes } from './routes/files';
import { healthRoutes } from './routes/health';
import { meRoutes } from './routes/me';
import { processGraphRoutes } from './routes/process-graphs';
import { processRoutes } from './routes/processes';
import { resultRoutes } from './routes/result';
import { validationRoutes } from './routes/validation';

/**
 * Every endpoint of the server.
 * @param more those of further rooms; the capabilities list them like the others
 */
export function routeTable(backend: Backend, more: readonly Route[] = []): Route[] {
  const files = new UserFiles(backend.objects, backend.settings.filesQuotaBytes);
  const routes = [
    ...fileFormatRoutes(backend),
    ...processRoutes(backend),
    ...collectionRoutes(backend),
    ...credentialsRoutes(backend),
    ...meRoutes(backend, files),
    ...validationRoutes(backend),
    ...resultRoutes(backend),
    ...processGraphRoutes(backend),
    ...fileRoutes(files),
    ...adminProcessRoutes(backend),
    ...healthRoutes(backend),
    ...more,
  ];
  return [...capabilitiesRoutes(backend, routes), ...routes];
}
