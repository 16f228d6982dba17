import type { ApplicationParts } from '../app/parts';
import { sampleServices } from '../sample/services';

/** Makes the services of the sample collection, once per installation: who removes them does not get them back. */
export async function publishSampleServices({ config, records, services }: ApplicationParts): Promise<void> {
  const stamp = new Date().toISOString();
  if ((await records.settings.setDefault('sample.services', stamp)) !== stamp) return;
  const owner = await records.users.get(config.adminUser);
  if (!owner) return;
  for (const service of sampleServices) {
    await services.manager.create(owner, {
      type: 'xyz',
      ...service,
      configuration: { scope: 'public', minzoom: 6, maxzoom: 18 },
    });
  }
}
