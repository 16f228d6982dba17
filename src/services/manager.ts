import { v7 as uuid } from 'uuid';
import { withinSeconds } from '../base/deadline';
import { OpenEOError } from '../base/errors';
import { type LogLevel, silentLogger } from '../base/logger';
import type { GraphRunner } from '../graph/runner';
import type { ProcessContext } from '../processes/context';
import type { Cube } from '../raster/cube';
import type { SubjectLogs } from '../store/records/subject-logs';
import type { LogRecord, Page, PageRequest, RecordStore, ServiceRecord, User } from '../store/records/types';
import type { TileStore } from '../tiles/types';
import { mayManage } from './access';
import { checkConfiguration, xyzSettings } from './configuration';
import { cubeOf, serviceParameters } from './evaluate';
import { type PreparedService, prepareService } from './prepared-services';
import { missingParameters } from './tile-store-access';
import type { ServiceType } from './types/service-type';
import { xyz } from './types/xyz';
import { refuseHugeScene } from './whole-scenes';

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

/** Who makes a service waits so long at most for its graph to be tried out. */
const trySeconds = 5;

/** The life of secondary services. Every method checks that the user may do it. */
export class ServiceManager {
  constructor(
    private readonly parts: {
      readonly records: RecordStore;
      readonly runner: GraphRunner<ProcessContext, User>;
      readonly tileStore?: TileStore;
      readonly logs: SubjectLogs;
      readonly limits: { readonly pixels: number; readonly seconds: number };
      /** Fires when the server stops. */
      readonly stopped: AbortSignal;
      /** Called after a change made here, at once; other servers hear of it by `records.onChange`. */
      readonly onChanged: (id: string) => void;
      /** Removes what was kept for a service. */
      readonly onRemoved: (id: string) => Promise<void>;
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
    await this.#check(service, user);
    await this.parts.records.services.create(service);
    return service;
  }

  /** @throws OpenEOError as `get` and `create`, `NoDataForUpdate`, `PropertyNotEditable` */
  async update(user: User, id: string, change: ServiceChange): Promise<void> {
    // What was checked is what the service was: where somebody else changed it meanwhile, both changes are joined anew.
    while (!(await this.#tryUpdate(user, id, change)));
    this.parts.onChanged(id);
  }

  async #tryUpdate(user: User, id: string, change: ServiceChange): Promise<boolean> {
    const service = await this.get(user, id);
    const locked = readOnly.find((property) => Object.hasOwn(change, property));
    if (locked !== undefined) throw new OpenEOError('PropertyNotEditable', { property: locked });
    if (!editable.some((property) => Object.hasOwn(change, property)))
      throw new OpenEOError('NoDataForUpdate');
    const configuration = change.configuration && { ...service.configuration, ...change.configuration };
    const isChecked = change.process !== undefined || configuration !== undefined;
    if (isChecked) {
      const owner = await this.parts.records.users.get(service.ownerId);
      const { process } = change;
      await this.#check(
        { ...service, ...(process && { process }), ...(configuration && { configuration }) },
        owner ?? user,
      );
    }
    const updated = await this.parts.records.services.update(
      id,
      {
        ...(Object.hasOwn(change, 'title') && { title: change.title }),
        ...(Object.hasOwn(change, 'description') && { description: change.description }),
        ...(change.process && { process: change.process }),
        ...(configuration && { configuration }),
        ...(change.enabled !== undefined && { enabled: change.enabled }),
        ...(Object.hasOwn(change, 'plan') && { plan: change.plan }),
        ...(Object.hasOwn(change, 'budget') && { budget: change.budget }),
        ...(change.log_level && { logLevel: change.log_level }),
      },
      isChecked ? service.revision : undefined,
    );
    return updated !== undefined;
  }

  /** @throws OpenEOError `ServiceNotFound` */
  async remove(user: User, id: string): Promise<void> {
    await this.get(user, id);
    await this.parts.records.services.remove(id);
    this.parts.onChanged(id);
    await this.parts.onRemoved(id);
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

  /** Everything that is wrong with a service and can be known before a tile is asked for. */
  async #check(service: ServiceRecord, owner: User): Promise<void> {
    const { runner, tileStore, limits } = this.parts;
    checkConfiguration(serviceTypes.get(service.type)!, service.configuration);
    const prepared = await prepareService(service, owner, runner, tileStore);
    const cube = await this.#tryOut(prepared, owner);
    if (cube) refuseHugeScene(cube, limits.pixels);
  }

  /** The handle of the result, where the graph can be evaluated already: data may come later, and parameters with the tile. */
  async #tryOut(prepared: PreparedService, user: User): Promise<Cube | undefined> {
    const { runner, tileStore, limits } = this.parts;
    const { service, settings, plan, writes, readsTile } = prepared;
    if (writes || readsTile) return undefined;
    const request = { tile: { z: 0, x: 0, y: 0 }, query: new Map<string, string>(), user };
    try {
      const { all } = serviceParameters(prepared, request, tileStore);
      const value = await withinSeconds(Math.min(trySeconds, limits.seconds), this.parts.stopped, (signal) =>
        runner.run(plan, {
          user,
          parameters: all,
          missing: missingParameters(settings, tileStore, user),
          signal,
          logger: silentLogger,
          service: { id: service.id },
        }),
      );
      return cubeOf(value);
    } catch (error) {
      if (error instanceof OpenEOError) return undefined;
      throw error;
    }
  }
}
