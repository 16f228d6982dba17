import { printableUrl, redactUrl } from '../base/addresses';
import type { Config } from './types';

/** The configuration for people: passwords and signatures inside addresses, and secrets, are hidden. */
export function printableConfig(config: Config): Record<string, unknown> {
  const hide = (url: string | undefined) => (url && !/^(?:file|sqlite)\b/i.test(url) ? redactUrl(url) : url);
  const named = (urls: readonly string[]) =>
    urls.map((url) => (/^https?:/i.test(url) ? printableUrl(url) : url));
  return {
    ...config,
    storeUrl: hide(config.storeUrl),
    tileStoreUrl: hide(config.tileStoreUrl),
    objectStoreUrl: hide(config.objectStoreUrl),
    collections: named(config.collections),
    adminPassword: config.adminPassword === undefined ? undefined : '***',
    jobs: {
      ...config.jobs,
      webhooks: named(config.jobs.webhooks),
      webhookSecret: config.jobs.webhookSecret === undefined ? undefined : '***',
    },
  };
}
