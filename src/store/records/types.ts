import type { LogLevel } from '../../base/logger';
import type { JobStore } from './jobs/types';
import type { ProjectStore } from './projects/types';

/** Roles that the program knows; `uploader` may write to the tile catalogue, `admin` may do everything. */
export type Role = 'admin' | 'uploader';

export interface User {
  /** `admin`, or for OpenID Connect users `{provider}~{subject}`. */
  readonly id: string;
  readonly name: string;
  readonly email?: string;
  readonly roles: readonly Role[];
}

export interface UserRecord extends User {
  /** scrypt; absent for users who log in elsewhere. */
  readonly passwordHash?: string;
  readonly createdAt: Date;
}

/** Access tokens are looked up by the SHA-256 of the token (hex); the token itself is never stored. */
export interface TokenRecord {
  readonly digest: string;
  readonly userId: string;
  readonly expiresAt: Date;
  readonly createdAt: Date;
}

/** A secondary web service. `process` and `configuration` come back exactly as they were sent. */
export interface ServiceRecord {
  readonly id: string;
  readonly ownerId: string;
  /** Lower case, as registered: `xyz`. */
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly process: Readonly<Record<string, unknown>>;
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly enabled: boolean;
  readonly logLevel: LogLevel;
  readonly plan?: string | null;
  readonly budget?: number | null;
  /** Grows by one with every change; enters cache keys and ETags. */
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type ServiceChange = Partial<
  Omit<ServiceRecord, 'id' | 'ownerId' | 'revision' | 'createdAt' | 'title' | 'description'>
> & { readonly title?: string | null; readonly description?: string | null };

/** A user's stored process (`/process_graphs`). */
export interface StoredProcessRecord {
  readonly ownerId: string;
  readonly id: string;
  /** The whole description, as it was sent. */
  readonly process: Readonly<Record<string, unknown>>;
  readonly updatedAt: Date;
}

/** A process that an administrator registered over HTTP. */
export interface RegisteredProcessRecord {
  readonly id: string;
  readonly process: Readonly<Record<string, unknown>>;
  readonly registeredBy: string;
  readonly updatedAt: Date;
}

/** Room that an upload asks for or has, in bytes. A lease, so that nothing of a process that died counts for long. */
export interface UploadRecord {
  readonly id: string;
  readonly userId: string;
  /** The file, within the user's. */
  readonly path: string;
  /** What it asks for, at least what it has. */
  readonly wanted: number;
  readonly granted: number;
}

export interface LogRecord {
  /** Increases with time within a subject; the `offset` of the API. */
  readonly id: string;
  /** What the entry belongs to, for example `service:{id}`. */
  readonly subject: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly code?: string;
  readonly data?: unknown;
  readonly path?: readonly Readonly<Record<string, unknown>>[];
  readonly time: Date;
}

/** That a job has ended, for one receiver. */
export interface WebhookDelivery {
  /** The same for all tries. */
  readonly id: string;
  readonly receiverId: string;
  readonly jobId: string;
  readonly jobType: string;
  readonly ownerId: string;
  /** `job.completed`, `job.failed` or `job.canceled`. */
  readonly event: string;
  /** That of the row then. */
  readonly status: string;
  readonly message: string;
  readonly error?: { readonly message: string };
  readonly endedAt: Date;
  /** Tries so far, that under way included. */
  readonly attempts: number;
}

/** A key that signs addresses; revoking or deleting it ends all addresses that it signed. */
export interface SigningKeyRecord {
  readonly id: string;
  /** What it signs for, for example `service:{id}`. */
  readonly subject: string;
  readonly secret: Uint8Array;
  readonly createdAt: Date;
  readonly revokedAt?: Date;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Pass it as `after` to get the following page; absent on the last one. */
  readonly next?: string;
}

export interface PageRequest {
  readonly limit?: number;
  readonly after?: string;
}

/** The kinds of records whose changes other server processes must notice. */
export type ChangeTopic =
  | 'users'
  | 'tokens'
  | 'services'
  | 'stored_processes'
  | 'registered_processes'
  | 'signing_keys'
  /** There is work in line, or running work was canceled or removed; progress does not count. */
  | 'jobs';

/**
 * All records that outlive a request, in one database. Both dialects keep one contract
 * (`test/store/records.contract.ts`). Every method throws OpenEOError `StoreUnavailable`
 * while the database cannot be reached.
 */
export interface RecordStore {
  readonly users: {
    get(id: string): Promise<UserRecord | undefined>;
    list(page?: PageRequest): Promise<Page<UserRecord>>;
    /** Creates or replaces. */
    put(user: UserRecord): Promise<void>;
    /** Creates unless the id is taken; tells whether it did. */
    create(user: UserRecord): Promise<boolean>;
    /** With all tokens, services, stored processes, jobs, uploads and signing keys of the user. */
    remove(id: string): Promise<boolean>;
    count(): Promise<number>;
  };
  readonly tokens: {
    get(digest: string): Promise<TokenRecord | undefined>;
    put(token: TokenRecord): Promise<void>;
    remove(digest: string): Promise<boolean>;
    removeOf(userId: string): Promise<number>;
    removeExpired(now: Date): Promise<number>;
  };
  readonly services: {
    get(id: string): Promise<ServiceRecord | undefined>;
    /** A user's services, or all of them, oldest first. */
    list(filter: { readonly ownerId?: string } & PageRequest): Promise<Page<ServiceRecord>>;
    /** @throws OpenEOError `RecordLimitExceeded` where the owner has as many as a user may keep */
    create(service: ServiceRecord): Promise<void>;
    /**
     * Applies the change to the present row in one statement or transaction and raises the revision.
     * What is absent or undefined stays as it is; null clears what may be absent. `updatedAt` is now unless given.
     * With a revision only where the row still has it. Undefined: no such row.
     */
    update(id: string, change: ServiceChange, revision?: number): Promise<ServiceRecord | undefined>;
    /** With its logs and signing keys. */
    remove(id: string): Promise<boolean>;
  };
  readonly jobs: JobStore;
  readonly projects: ProjectStore;
  readonly storedProcesses: {
    get(ownerId: string, id: string): Promise<StoredProcessRecord | undefined>;
    list(ownerId: string, page?: PageRequest): Promise<Page<StoredProcessRecord>>;
    /** @throws OpenEOError `RecordLimitExceeded` for a new one where the owner has as many as a user may keep */
    put(record: StoredProcessRecord): Promise<void>;
    remove(ownerId: string, id: string): Promise<boolean>;
  };
  readonly registeredProcesses: {
    list(): Promise<readonly RegisteredProcessRecord[]>;
    put(record: RegisteredProcessRecord): Promise<void>;
    remove(id: string): Promise<boolean>;
  };
  readonly logs: {
    /** Keeps a configured number of entries per subject, and for a while up to a tenth more; the oldest go first. */
    append(entries: readonly Omit<LogRecord, 'id'>[]): Promise<void>;
    /** Entries of at least this level, oldest first, after the entry with the id `after`. */
    list(subject: string, filter: { readonly level?: LogLevel } & PageRequest): Promise<Page<LogRecord>>;
    remove(subject: string): Promise<void>;
    /** Removes entries of all subjects of a kind (`job`) from before a time; tells how many. */
    removeBefore(kind: string, time: Date): Promise<number>;
  };
  readonly signingKeys: {
    get(id: string): Promise<SigningKeyRecord | undefined>;
    /** Keys of a subject that are not revoked, newest first. */
    list(subject: string): Promise<readonly SigningKeyRecord[]>;
    create(key: SigningKeyRecord): Promise<void>;
    revoke(id: string, at: Date): Promise<boolean>;
  };
  /** Which receivers have yet to be told that a job has ended. Rows come about with the end of the job. */
  readonly webhooks: {
    /** Names receivers, who are told of ends from now on; to be repeated now and then. */
    register(receiverIds: readonly string[]): Promise<void>;
    /**
     * Takes up to so many deliveries that are due, each for one try: it is due again after `leaseMs`, unless it is
     * removed or postponed before.
     */
    claim(receiverId: string, limit: number, leaseMs: number): Promise<readonly WebhookDelivery[]>;
    remove(id: string): Promise<void>;
    postpone(delivery: Pick<WebhookDelivery, 'id' | 'attempts'>, delayMs: number): Promise<void>;
    /** Forgets what could not be told for a day, and receivers that nobody named for two; tells how many deliveries. */
    expire(): Promise<number>;
  };
  /** Uploads of users' files that are under way in any process. What expired counts as gone. */
  readonly uploads: {
    /**
     * Asks for `wanted` bytes in all, as the last one of the user's uploads. Answers those that asked before: whoever
     * reads afterwards what is stored, and counts both, has missed nothing that may be stored without counting this one.
     */
    ask(upload: Omit<UploadRecord, 'granted'>, leaseMs: number): Promise<readonly UploadRecord[]>;
    /** The user's uploads that asked before this one, as they are now. */
    before(id: string): Promise<readonly UploadRecord[]>;
    /** It has what it asked for. False: it has expired. */
    grant(id: string): Promise<boolean>;
    /** Prolongs its lease. False: it has expired. */
    renew(id: string, leaseMs: number): Promise<boolean>;
    end(id: string): Promise<void>;
  };
  /** A small place for facts about this installation (salts, the schema of sample data, …). */
  readonly settings: {
    get(name: string): Promise<string | undefined>;
    /** Sets it unless it is there; returns what is there afterwards. */
    setDefault(name: string, value: string): Promise<string>;
  };
  /**
   * Calls the listener after a change of the topic, made by any server process on this database,
   * within a second; after a lost connection it is called for every topic. Returns the way to stop.
   */
  onChange(listener: (topic: ChangeTopic) => void): () => void;
  /** Resolves when a query succeeds. @throws OpenEOError `StoreUnavailable` */
  ping(): Promise<void>;
  close(): Promise<void>;
}
