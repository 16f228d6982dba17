import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot as root } from '../src/base/paths';
import { commands } from '../src/cli/commands';
import { options, otherVariables } from '../src/config/options';

/** What people read of the project: its pages at the top, and those of `docs/`. */
const pages = globSync(['*.md', 'docs/*.md'], { cwd: root }).map((page) => ({
  page,
  text: readFileSync(join(root, page), 'utf8'),
}));

/** All places in all pages that a pattern matches and that are wrong. */
function wrong(pattern: RegExp, isRight: (found: RegExpMatchArray, page: string) => boolean): string[] {
  return pages.flatMap(({ page, text }) =>
    [...text.matchAll(pattern)].filter((found) => !isRight(found, page)).map(([all]) => `${page}: ${all}`),
  );
}

/** The anchors of a page, made of its headings as GitHub does. */
function anchorsOf(path: string): Set<string> {
  const headings = readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm);
  return new Set(
    [...headings].map(([, heading]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_\- ]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

test('there are pages', () => {
  expect(pages.map(({ page }) => page)).toEqual(
    expect.arrayContaining(['README.md', join('docs', 'jobs.md')]),
  );
});

test('links lead to files and headings that are there', () => {
  const broken = wrong(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g, ([, path, anchor], page) => {
    const target = path === '' ? join(root, page) : join(root, dirname(page), path);
    return existsSync(target) && (anchor === undefined || anchorsOf(target).has(anchor));
  });
  expect(broken).toEqual([]);
});

test('files and folders of the project that are named are there', () => {
  // A part that stands for others is written `…`, `*`, `{id}` or `<id>`.
  const named = /`((?:\.ci|docs|drizzle|processes|schemas|scripts|src|test)\/[\w.…*{}<>/-]*)`/g;
  expect(
    wrong(named, ([, path]) => {
      const pattern = path.replace(/\{[^}]*\}|<[^>]*>|…/g, '*').replace(/\/$/, '');
      return globSync(pattern, { cwd: root }).length > 0;
    }),
  ).toEqual([]);
});

test('settings that are named exist', () => {
  // The collection of the sample is named like a setting.
  const known = new Set([...options.map(({ variable }) => variable), ...otherVariables, 'TILEGRAPH_SAMPLE']);
  expect(wrong(/TILEGRAPH_[A-Z][A-Z0-9_]*/g, ([name]) => known.has(name))).toEqual([]);
});

test('commands and scripts that are named exist', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  expect(wrong(/npm run ([\w:]+)/g, ([, name]) => Object.hasOwn(scripts, name))).toEqual([]);
  // In code: the name of the project stands in prose, too.
  const run = /(?:`|^|npm run )tilegraph (?:-- )?([a-z]+)/gm;
  expect(wrong(run, ([, name]) => commands.has(name))).toEqual([]);
});

test('pages that comments refer to are there', () => {
  const sources = globSync(['src/**/*.ts', 'test/**/*.ts'], { cwd: root });
  const missing = sources.flatMap((source) =>
    [...readFileSync(join(root, source), 'utf8').matchAll(/(?<![\w./-])(?:\.\.\/)*docs\/([\w-]+\.md)/g)]
      .filter(([, page]) => !existsSync(join(root, 'docs', page)))
      .map(([all]) => `${source}: ${all}`),
  );
  expect(missing).toEqual([]);
});
