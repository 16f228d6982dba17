import type { Backend } from '../backend';
import { UserFiles } from '../files/user-files';
import type { Route } from '../route';
import { adminProcessRoutes } from './admin-processes';
import { apiDescriptionRoutes } from './api-description';
import { capabilitiesRoutes } from './capabilities';
import { collectionRoutes } from './collections';
import { credentialsRoutes } from './credentials';
import { fileFormatRoutes } from './file-formats';
import { fileRoutes } from './files';
import { healthRoutes } from './health';
import { meRoutes } from './me';
import { processGraphRoutes } from './process-graphs';
import { processRoutes } from './processes';
import { resultRoutes } from './result';
import { udfRuntimeRoutes } from './udf-runtimes';
import { validationRoutes } from './validation';

/**
 * Every endpoint of the server.
 * @param more those of further rooms; the capabilities list them like the others
 */
export function apiRoutes(backend: Backend, more: readonly Route[] = []): Route[] {
  const files = new UserFiles(backend.objects, backend.records.uploads, backend.settings.filesQuotaBytes);
  const routes = [
    ...fileFormatRoutes(backend),
    ...processRoutes(backend),
    ...udfRuntimeRoutes(backend),
    ...collectionRoutes(backend),
    ...credentialsRoutes(backend),
    ...meRoutes(backend, files),
    ...validationRoutes(backend),
    ...resultRoutes(backend),
    ...processGraphRoutes(backend),
    ...fileRoutes(files),
    ...adminProcessRoutes(backend),
    ...healthRoutes(backend),
    ...apiDescriptionRoutes(),
    ...more,
  ];
  return [...capabilitiesRoutes(backend, routes), ...routes];
}
