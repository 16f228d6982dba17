import type { TileAddress } from '../../../geo/types';
import { locationHash, nilUuid } from '../../../tiles/identity';
import { formatInstant } from '../../../tiles/instant';
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
import type { PostgresSql } from '../../sql/types';
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

/** The tile catalogue in PostgreSQL: see catalogue-statements.ts. */
export class PostgresCatalogue implements TileCatalogue {
  readonly #changes = new TileChanges();
  #stopListening: (() => void) | undefined;

  constructor(readonly sql: PostgresSql) {}

  async write(given: TileWrite): Promise<Written> {
    const { id, hash, write, values } = writeValues(given);
    const [row] = await this.sql.transaction(async (session) => {
      await session.query({ ...statements.lock, values: [id, hash] });
      return (
        await session.query<TileRow & { replaced_path: string | null; is_new: boolean }>({
          ...statements.upsert,
          values: [...values, formatInstant(write.capturedAt)],
        })
      ).rows;
    });
    this.#changes.tell(hash);
    const replacedPath = row.is_new ? undefined : (row.replaced_path ?? undefined);
    return { tile: readTile(row), isNew: row.is_new, ...(replacedPath !== undefined && { replacedPath }) };
  }

  async file(hash: string): Promise<TileFile | undefined> {
    const [row] = (await this.sql.query<FileRow>({ ...statements.file, values: [hash] })).rows;
    return row && readFile(row);
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
    const wanted = uuidArray(hashes);
    const tiles = filter
      ? await this.#tiles(statements.byHashesFiltered, [wanted, ...filterValues(filter)])
      : await this.#tiles(statements.byHashes, [wanted]);
    return new Map(tiles.map((tile) => [tile.locationHash, tile]));
  }

  async summaries(hashes: readonly string[], filter?: TileFilter): Promise<ReadonlyMap<string, TileSummary>> {
    if (hashes.length === 0) return new Map();
    const wanted = uuidArray(hashes);
    const rows = filter
      ? await this.#rows<SummaryRow>(statements.summariesFiltered, [wanted, ...filterValues(filter)])
      : await this.#rows<SummaryRow>(statements.summaries, [wanted]);
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
    const from = after ? [formatInstant(after.capturedAt), after.id] : ['-infinity', nilUuid];
    return this.#tiles(statements.ofFlight, [flightId, ...from, limit]);
  }

  inOrder(
    order: 'id' | 'captured_at',
    { limit, after }: { readonly limit: number; readonly after?: TilePosition },
  ): Promise<readonly CatalogueTile[]> {
    const id = after?.id ?? nilUuid;
    if (order === 'id') return this.#tiles(statements.byIdOrder, [id, limit]);
    const instant = after ? formatInstant(after.capturedAt) : '-infinity';
    return this.#tiles(statements.byTimeOrder, [instant, id, limit]);
  }

  async extent(): Promise<CatalogueExtent> {
    return readExtent((await this.sql.query<ExtentRow>(statements.extent)).rows);
  }

  async flights(): Promise<readonly string[]> {
    const { rows } = await this.sql.query<{ flight_id: string }>(statements.flights);
    return rows.map((row) => row.flight_id);
  }

  async remove(id: string): Promise<string | undefined> {
    return (await this.#removed(statements.remove, id))[0];
  }

  removeFlight(flightId: string): Promise<readonly string[]> {
    return this.#removed(statements.removeFlight, flightId);
  }

  async allFiles({ limit, after = nilUuid }: { readonly limit: number; readonly after?: string }) {
    const { rows } = await this.sql.query<TileRow>({ ...statements.allFiles, values: [after, limit] });
    return rows.map(readRowFile);
  }

  async moveFile(row: Pick<RowFile, 'id' | 'filePath'>, file: MovedFile): Promise<boolean> {
    const digest = Buffer.from(file.contentSha256, 'hex');
    const values = [row.id, row.filePath, file.filePath, file.imageType, digest, file.byteCount];
    const { rows } = await this.sql.query<{ location_hash: string }>({ ...statements.moveFile, values });
    for (const { location_hash } of rows) this.#changes.tell(location_hash);
    return rows.length > 0;
  }

  async referenced(filePaths: readonly string[]): Promise<ReadonlySet<string>> {
    const query = { ...statements.referenced, values: [filePaths] };
    return new Set((await this.sql.query<{ file_path: string }>(query)).rows.map((row) => row.file_path));
  }

  watch(listener: (locationHash: string | undefined) => void): () => void {
    const remove = this.#changes.add(listener);
    this.#stopListening ??= this.sql.listen(
      statements.channel,
      (hash) => this.#changes.tell(hash),
      () => this.#changes.tell(undefined),
    );
    return () => {
      remove();
      if (this.#changes.isWatched) return;
      this.#stopListening?.();
      this.#stopListening = undefined;
    };
  }

  async #removed(
    statement: { readonly name: string; readonly text: string },
    id: string,
  ): Promise<readonly string[]> {
    const query = { ...statement, values: [id] };
    const { rows } = await this.sql.query<{ file_path: string; location_hash: string }>(query);
    for (const row of rows) this.#changes.tell(row.location_hash);
    return rows.map((row) => row.file_path);
  }

  async #tiles(
    statement: { readonly name: string; readonly text: string },
    values: readonly unknown[],
  ): Promise<CatalogueTile[]> {
    return (await this.#rows<TileRow>(statement, values)).map(readTile);
  }

  async #rows<Row extends object>(
    statement: { readonly name: string; readonly text: string },
    values: readonly unknown[],
  ): Promise<Row[]> {
    return (await this.sql.query<Row>({ ...statement, values })).rows;
  }
}

/** Distinct location hashes as PostgreSQL reads an array; the driver would look for what to escape in each. */
function uuidArray(hashes: readonly string[]): string {
  return `{${[...new Set(hashes)].join(',')}}`;
}

function filterValues({ sources, flights, capturedFrom, capturedBefore }: TileFilter): unknown[] {
  const instant = (micros: number | undefined, open: string) =>
    micros === undefined ? open : formatInstant(micros);
  return [
    sources ?? null,
    flights?.filter((flight) => flight !== undefined) ?? null,
    flights?.includes(undefined) ?? false,
    instant(capturedFrom, '-infinity'),
    instant(capturedBefore, 'infinity'),
  ];
}
