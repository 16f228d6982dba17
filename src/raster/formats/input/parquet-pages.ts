import type { FileMetaData } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';

/** What the pages of a file say that they hold, decoded. */
export interface PageTotals {
  readonly values: number;
  readonly bytes: number;
}

/**
 * Adds up what the headers of all pages declare. Decoders make room for that, whatever the file's own metadata say,
 * and a page of a few bytes can declare two thousand million values.
 * @throws Error for pages that cannot be
 */
export function totalOfPages(bytes: Uint8Array, { row_groups }: FileMetaData): PageTotals {
  let values = 0;
  let size = 0;
  for (const { meta_data: column } of row_groups.flatMap(({ columns }) => columns)) {
    if (!column) continue;
    const start = Number(column.dictionary_page_offset || column.data_page_offset);
    const end = start + Number(column.total_compressed_size);
    if (!(start >= 0 && start <= end && end <= bytes.length)) throw new Error('a column lies outside of it');
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
    for (const reader = { view, offset: 0 }; reader.offset < view.byteLength - 1; ) {
      const header = parquetHeader(reader);
      const { data_page_header: one, data_page_header_v2: two, dictionary_page_header: dictionary } = header;
      const count = Math.max(...[one, two, dictionary].map((page) => page?.num_values ?? 0));
      const declared = Number(header.uncompressed_page_size);
      const stored = Number(header.compressed_page_size);
      if (!(count >= 0 && declared >= 0 && stored >= 0)) throw new Error('a page has no proper header');
      values += count;
      size += declared;
      reader.offset += stored;
    }
  }
  return { values, bytes: size };
}
