import type { TileAddress } from '../../../geo/types';
import { locationHash, nilUuid, tileSizeMeters } from '../../../tiles/identity';
import type {
  CatalogueExtent,
  CatalogueTile,
  CellWindow,
  MovedFile,
  RowFile,
  TileCatalogue,
  TileFile,
  TileFilter,
  TilePosition,
  TileSummary,
  TileWrite,
  Written,
} from '../../../tiles/types';
import { watchDataVersion } from '../../sql/sqlite-changes';
import type { SqliteSql } from '../../sql/types';
import {
  type ExtentRow,
  type FileRow,
  readExtent,
  readFile,
  readRowFile,
  readSummary,
  readTile,
  type SummaryRow,
  type TileRow,
  writeValues,
} from '../catalogue-rows';
import { TileChanges } from '../changes';
import * as statements from './catalogue-statements';
import { SharedTransactions } from './shared-transactions';
import { registerTileUuid } from './tile-uuid';

/** The tile catalogue in SQLite. Of changes that another process makes it is known only that there were some. */
export class SqliteCatalogue implements TileCatalogue {
  readonly #changes = new TileChanges();
  readonly #transactions: SharedTransactions;
  #stopPolling: (() => void) | undefined;

  constructor(readonly sql: SqliteSql) {
    this.#transactions = new SharedTransactions(sql);
    registerTileUuid(sql.database);
  }

  async write(given: TileWrite): Promise<Written> {
    const { hash, write, values } = writeValues(given);
    const { tile, source, flightId } = write;
    const key = [tile.z, tile.x, tile.y, tileSizeMeters(tile), source, flightId ?? nilUuid];
    const { replaced, row: written } = await this.#transactions.run(() => {
      const now = Date.now() * 1000;
      const [before] = this.#rows<{ file_path: string }>(statements.before, key);
      const [row] = this.#rows<TileRow>(statements.upsert, [...values, write.capturedAt, now, now]);
      return { replaced: before, row };
    });
    this.#changes.tell(hash);
    return {
      tile: readTile(written),
      isNew: replaced === undefined,
      ...(replaced && { replacedPath: replaced.file_path }),
    };
  }

  file(hash: string): Promise<TileFile | undefined> {
    return this.sql.run(() => {
      const [row] = this.#rows<FileRow>(statements.file, [hash]);
      return row && readFile(row);
    });
  }

  async atCell(tile: TileAddress): Promise<CatalogueTile | undefined> {
    return this.byHash(locationHash(tile));
  }

  async byHash(hash: string): Promise<CatalogueTile | undefined> {
    return (await this.#tiles(statements.byHash, [hash]))[0];
  }

  async byId(id: string): Promise<CatalogueTile | undefined> {
    return (await this.#tiles(statements.byId, [id]))[0];
  }

  async byHashes(
    hashes: readonly string[],
    filter?: TileFilter,
  ): Promise<ReadonlyMap<string, CatalogueTile>> {
    if (hashes.length === 0) return new Map();
    const wanted = JSON.stringify([...new Set(hashes)]);
    const tiles = filter
      ? await this.#tiles(statements.byHashesFiltered, [wanted, ...filterValues(filter)])
      : await this.#tiles(statements.byHashes, [wanted]);
    return new Map(tiles.map((tile) => [tile.locationHash, tile]));
  }

  async summaries(hashes: readonly string[], filter?: TileFilter): Promise<ReadonlyMap<string, TileSummary>> {
    if (hashes.length === 0) return new Map();
    const wanted = JSON.stringify([...new Set(hashes)]);
    const rows = await this.sql.run(() =>
      filter
        ? this.#rows<SummaryRow>(statements.summariesFiltered, [wanted, ...filterValues(filter)])
        : this.#rows<SummaryRow>(statements.summaries, [wanted]),
    );
    return new Map(rows.map((row) => [row.location_hash, readSummary(row)]));
  }

  inWindow({ zoom, columns, rows }: CellWindow, limit: number): Promise<readonly CatalogueTile[]> {
    const [first, second = [1, 0]] = columns;
    return this.#tiles(statements.inWindow, [zoom, ...first, ...second, ...rows, limit]);
  }

  ofFlight(
    flightId: string,
    { limit, after }: { readonly limit: number; readonly after?: TilePosition },
  ): Promise<readonly CatalogueTile[]> {
    return this.#tiles(statements.ofFlight, [flightId, after?.capturedAt ?? -1, after?.id ?? '', limit]);
  }

  inOrder(
    order: 'id' | 'captured_at',
    { limit, after }: { readonly limit: number; readonly after?: TilePosition },
  ): Promise<readonly CatalogueTile[]> {
    const id = after?.id ?? '';
    if (order === 'id') return this.#tiles(statements.byIdOrder, [id, limit]);
    return this.#tiles(statements.byTimeOrder, [after?.capturedAt ?? -1, id, limit]);
  }

  extent(): Promise<CatalogueExtent> {
    return this.sql.run(() => readExtent(this.#rows<ExtentRow>(statements.extent, [])));
  }

  flights(): Promise<readonly string[]> {
    return this.sql.run(() =>
      this.#rows<{ flight_id: string }>(statements.flights, []).map((row) => row.flight_id),
    );
  }

  async remove(id: string): Promise<string | undefined> {
    return (await this.#removed(statements.remove, id))[0];
  }

  removeFlight(flightId: string): Promise<readonly string[]> {
    return this.#removed(statements.removeFlight, flightId);
  }

  allFiles({ limit, after = '' }: { readonly limit: number; readonly after?: string }) {
    return this.sql.run(() => this.#rows<TileRow>(statements.allFiles, [after, limit]).map(readRowFile));
  }

  async moveFile(row: Pick<RowFile, 'id' | 'filePath'>, file: MovedFile): Promise<boolean> {
    const digest = Buffer.from(file.contentSha256, 'hex');
    const values = [file.filePath, file.imageType, digest, file.byteCount, row.id, row.filePath];
    const rows = await this.#transactions.run(() =>
      this.#rows<{ location_hash: string }>(statements.moveFile, values),
    );
    for (const { location_hash } of rows) this.#changes.tell(location_hash);
    return rows.length > 0;
  }

  referenced(filePaths: readonly string[]): Promise<ReadonlySet<string>> {
    return this.sql.run(() => {
      const rows = this.#rows<{ file_path: string }>(statements.referenced, [JSON.stringify(filePaths)]);
      return new Set(rows.map((row) => row.file_path));
    });
  }

  watch(listener: (locationHash: string | undefined) => void): () => void {
    const remove = this.#changes.add(listener);
    this.#stopPolling ??= watchDataVersion(this.sql, () => this.#changes.tell(undefined));
    return () => {
      remove();
      if (this.#changes.isWatched) return;
      this.#stopPolling?.();
      this.#stopPolling = undefined;
    };
  }

  async #removed(statement: string, id: string): Promise<readonly string[]> {
    const rows = await this.#transactions.run(() =>
      this.#rows<{ file_path: string; location_hash: string }>(statement, [id]),
    );
    for (const row of rows) this.#changes.tell(row.location_hash);
    return rows.map((row) => row.file_path);
  }

  #tiles(statement: string, values: readonly unknown[]): Promise<CatalogueTile[]> {
    return this.sql.run(() => this.#rows<TileRow>(statement, values).map(readTile));
  }

  #rows<Row>(statement: string, values: readonly unknown[]): Row[] {
    return this.sql.prepare(statement).all(...values) as Row[];
  }
}

function filterValues({ sources, flights, capturedFrom, capturedBefore }: TileFilter): unknown[] {
  const wantedSources = sources ? JSON.stringify(sources) : null;
  const wantedFlights = flights ? JSON.stringify(flights.filter((flight) => flight !== undefined)) : null;
  return [
    ...[wantedSources, wantedSources, wantedFlights, wantedFlights, flights?.includes(undefined) ? 1 : 0],
    ...[capturedFrom ?? 0, capturedBefore ?? Number.MAX_SAFE_INTEGER],
  ];
}
