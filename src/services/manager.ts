import { v7 as uuid } from 'uuid';
import { OpenEOError } from '../base/errors';
import type { LogLevel } from '../base/logger';
import type { GraphRunner } from '../graph/runner';
import type { ProcessDefinition } from '../graph/types';
import type { ProcessContext } from '../processes/context';
import type { LogRecord, Page, PageRequest, RecordStore, ServiceRecord, User } from '../store/records/types';
import type { TileStore } from '../tiles/types';
import { mayManage } from './access';
import { checkConfiguration, xyzSettings } from './configuration';
import type { ServiceLogs } from './service-logs';
import { suppliedTo } from './tile-store-access';
import type { ServiceType } from './types/service-type';
import { xyz } from './types/xyz';

/** All kinds of services, by lower-case id. */
export const serviceTypes: ReadonlyMap<string, ServiceType> = new Map([[xyz.id, xyz]]);

/** What a client sends to create a service, already valid against the API's schema. */
export interface NewService {
  readonly type: string;
  readonly process: Readonly<Record<string, unknown>>;
  readonly title?: string | null;
  readonly description?: string | null;
  readonly enabled?: boolean;
  readonly configuration?: Readonly<Record<string, unknown>>;
  readonly plan?: string | null;
  readonly budget?: number | null;
  readonly log_level?: LogLevel;
}

const editable = [
  'title',
  'description',
  'process',
  'enabled',
  'configuration',
  'plan',
  'budget',
  'log_level',
] as const;
const readOnly = ['id', 'type', 'url', 'attributes', 'created', 'costs'];

/** A change of a service: only what is named is changed; settings inside `configuration` likewise. */
export type ServiceChange = Partial<Pick<NewService, (typeof editable)[number]>>;

/** The life of secondary services. Every method checks that the user may do it. */
export class ServiceManager {
  constructor(
    private readonly parts: {
      readonly records: RecordStore;
      readonly runner: GraphRunner<ProcessContext, User>;
      readonly tileStore?: TileStore;
      readonly logs: ServiceLogs;
      /** Called after a change made here, at once; other servers hear of it by `records.onChange`. */
      readonly onChanged: (id: string) => void;
    },
  ) {}

  list(user: User, page: PageRequest): Promise<Page<ServiceRecord>> {
    return this.parts.records.services.list({ ownerId: user.id, ...page });
  }

  /** Enabled services that everybody may see, oldest first. */
  async publicServices(): Promise<readonly ServiceRecord[]> {
    const found: ServiceRecord[] = [];
    let after: string | undefined;
    do {
      const page = await this.parts.records.services.list({ limit: 500, after });
      found.push(
        ...page.items.filter(
          ({ enabled, configuration }) => enabled && xyzSettings(configuration).scope === 'public',
        ),
      );
      after = page.next;
    } while (after !== undefined);
    return found;
  }

  /** @throws OpenEOError `ServiceNotFound`, also for services of others, whose ids are nobody's business */
  async get(user: User, id: string): Promise<ServiceRecord> {
    const service = await this.parts.records.services.get(id);
    if (!service || !mayManage(service, user)) throw new OpenEOError('ServiceNotFound', { identifier: id });
    return service;
  }

  /** @throws OpenEOError `ServiceUnsupported`, `ServiceConfig…`, and what is wrong with the graph */
  async create(user: User, body: NewService): Promise<ServiceRecord> {
    const type = serviceTypes.get(body.type.toLowerCase());
    if (!type) throw new OpenEOError('ServiceUnsupported', { type: body.type });
    const configuration = body.configuration ?? {};
    await this.#check(type, body.process, configuration, user);
    const now = new Date();
    const service: ServiceRecord = {
      id: uuid(),
      ownerId: user.id,
      type: type.id,
      title: body.title ?? undefined,
      description: body.description ?? undefined,
      process: body.process,
      configuration,
      enabled: body.enabled ?? true,
      logLevel: body.log_level ?? 'info',
      plan: body.plan,
      budget: body.budget,
      revision: 1,
      createdAt: now,
      updatedAt: now,
    };
    await this.parts.records.services.create(service);
    return service;
  }

  /** @throws OpenEOError as `get` and `create`, `NoDataForUpdate`, `PropertyNotEditable` */
  async update(user: User, id: string, change: ServiceChange): Promise<void> {
    const service = await this.get(user, id);
    const locked = readOnly.find((property) => Object.hasOwn(change, property));
    if (locked !== undefined) throw new OpenEOError('PropertyNotEditable', { property: locked });
    if (!editable.some((property) => Object.hasOwn(change, property)))
      throw new OpenEOError('NoDataForUpdate');
    const configuration = change.configuration && { ...service.configuration, ...change.configuration };
    if (change.process || configuration) {
      const owner = await this.parts.records.users.get(service.ownerId);
      const type = serviceTypes.get(service.type)!;
      await this.#check(
        type,
        change.process ?? service.process,
        configuration ?? service.configuration,
        owner ?? user,
      );
    }
    await this.parts.records.services.update(id, {
      ...(Object.hasOwn(change, 'title') && { title: change.title }),
      ...(Object.hasOwn(change, 'description') && { description: change.description }),
      ...(change.process && { process: change.process }),
      ...(configuration && { configuration }),
      ...(change.enabled !== undefined && { enabled: change.enabled }),
      ...(Object.hasOwn(change, 'plan') && { plan: change.plan }),
      ...(Object.hasOwn(change, 'budget') && { budget: change.budget }),
      ...(change.log_level && { logLevel: change.log_level }),
    });
    this.parts.onChanged(id);
  }

  /** @throws OpenEOError `ServiceNotFound` */
  async remove(user: User, id: string): Promise<void> {
    await this.get(user, id);
    await this.parts.records.services.remove(id);
    this.parts.onChanged(id);
  }

  /** @throws OpenEOError `ServiceNotFound` */
  async logs(
    user: User,
    id: string,
    filter: { readonly level?: LogLevel } & PageRequest,
  ): Promise<Page<LogRecord>> {
    await this.get(user, id);
    await this.parts.logs.flush();
    return this.parts.records.logs.list(`service:${id}`, filter);
  }

  async #check(
    type: ServiceType,
    process: Readonly<Record<string, unknown>>,
    configuration: Readonly<Record<string, unknown>>,
    owner: User,
  ): Promise<void> {
    checkConfiguration(type, configuration);
    const request = suppliedTo(xyzSettings(configuration), this.parts.tileStore, owner);
    await this.parts.runner.plan(definitionOf(process), { user: owner, ...request });
  }
}

/** @throws OpenEOError `ProcessGraphMissing` */
export function definitionOf(process: Readonly<Record<string, unknown>>): ProcessDefinition {
  const graph = process['process_graph'];
  if (typeof graph !== 'object' || graph === null || Array.isArray(graph))
    throw new OpenEOError('ProcessGraphMissing');
  return process as unknown as ProcessDefinition;
}
