import { options } from '../config/options';

const commands: readonly [string, string][] = [
  ['start', 'Serve with embedded defaults and sample data (what npm start does)'],
  ['serve', 'Serve'],
  [
    'users add NAME [--role admin|uploader] [--password -]',
    'Add a user; the password is read from standard input or made up and printed',
  ],
  ['users list', 'List users and their roles'],
  [
    'users remove NAME',
    'Remove a user with services, processes, jobs and files; map projects stay, for administrators',
  ],
  ['users password NAME [--password -]', 'Set a new password; all logins of the user end'],
  ['users role NAME admin|uploader|none', 'Give or take a role'],
  [
    'tiles pull --server URL --cache FOLDER --zooms 14-16 --bbox=W,S,E,N | --plan FILE',
    'Download tiles of the catalogue for use without a network; run it again to go on. Further flags: --user NAME or --token -, --budget SIZE, --sector CLASS, --sectors FILE, --stale reject|downgrade, --max-age DAYS, --max-resolution M, --revalidate, --concurrency N, --retries N, --max-cells N',
  ],
  [
    'tiles push FOLDER | --cache FOLDER  --server URL',
    'Upload tiles of a folder, or those of a cache that wait. Further flags: --user NAME or --token -, --flight ID, --captured-at TIME|mtime, --retries N',
  ],
  [
    'tiles cache status|budget SIZE|find Z/X/Y|verify [--remove]|add FOLDER  --cache FOLDER',
    'Look after such a cache',
  ],
  ['tiles sweep [--remove]', 'Compare rows and files of the tile catalogue; remove files without a row'],
  ['tiles migrate [--dry-run]', 'Bring the tile table of an earlier system up to date, in place'],
  [
    'tiles migrate-files [--from FOLDER] [--dry-run]',
    'Then move its files, and add what is missing of them to the rows',
  ],
  ['worker', 'Run jobs, beside servers or on other machines, on the same database and object store'],
  ['jobs list', 'List jobs'],
  ['jobs watch ID', 'Show how far a job is until it is over; exit code 0 where it completed'],
  ['jobs cancel ID', 'End a job'],
  [
    'seed SERVICE --zooms 8-14 [--bbox=W,S,E,N] [--truncate]',
    'Draw tiles of a service into the object store, from which it then serves them; with --truncate remove them',
  ],
  ['migrate', 'Bring the databases up to date and stop'],
  ['check', 'Check configuration, databases, processes and collections, and stop'],
  ['config', 'Print the effective configuration without secrets'],
  ['health', 'Ask the running server whether it is alive'],
];

/** The text of `tilegraph --help`. */
export function helpText(): string {
  const width = 34;
  const list = (rows: readonly (readonly [string, string])[]) =>
    rows
      .map(([left, right]) =>
        left.length > width
          ? `  ${left}\n  ${' '.repeat(width)} ${right}`
          : `  ${left.padEnd(width)} ${right}`,
      )
      .join('\n');
  return [
    'Usage: tilegraph COMMAND [settings]',
    '',
    'Commands',
    list(commands),
    '',
    'Settings (also as environment variables, and as JSON in the file of --config)',
    list(options.map((option) => [`${option.flag} (${option.variable})`, option.description] as const)),
    '',
  ].join('\n');
}
