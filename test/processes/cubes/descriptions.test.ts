import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../../src/base/paths';
import { sharedFolder } from '../../support/tools';

const standard = join(sharedFolder ?? '', 'spec', 'openeo-processes');
const ids = readdirSync(packagePath('src', 'processes', 'cubes'))
  .filter((file) => !file.includes('-'))
  .map((file) => file.replace('.ts', ''));

type Json = Record<string, unknown>;

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Json;
const fileOf = (id: string) =>
  [standard, join(standard, 'proposals')]
    .map((folder) => join(folder, `${id}.json`))
    .find((file) => existsSync(file));

/** Schemas without what is there for people. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, item]) => !((key === 'description' || key === 'title') && typeof item === 'string'),
  );
  return Object.fromEntries(kept.map(([key, item]) => [key, bare(item)]));
}

/** Sentences of more than four words. */
function sentences(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    typeof item === 'string' && ['summary', 'description', 'message', 'title'].includes(key)
      ? item.split(/(?<=[.!?])\s+|\n+/).filter((sentence) => sentence.split(' ').length > 4)
      : sentences(item),
  );
}

describe.each(ids)('the description of %s', (id) => {
  const ours = read(packagePath('processes', `${id}.json`));

  it('describes every parameter and the result', () => {
    for (const parameter of ours['parameters'] as Json[]) expect(parameter['description']).toMatch(/\w/);
    expect(ours['returns']).toMatchObject({
      description: expect.stringMatching(/\w/),
      schema: expect.anything(),
    });
  });

  const file = sharedFolder && fileOf(id);
  if (!file) {
    if (!sharedFolder || id !== 'colormap')
      it.skip('equals the standard: its descriptions are not beside the repository', () => {});
    return;
  }
  const theirs = read(file);

  it('has the parameters and results of the standard, and at least its exceptions', () => {
    const facts = ({ parameters, returns, categories, experimental }: Json) =>
      bare({ parameters, returns, categories, experimental });
    expect(facts(ours)).toEqual(facts(theirs));
    expect(Object.keys((ours['exceptions'] ?? {}) as Json)).toEqual(
      expect.arrayContaining(Object.keys((theirs['exceptions'] ?? {}) as Json)),
    );
  });

  it('says everything in its own words', () => {
    const copied = new Set(sentences(theirs));
    expect(sentences(ours).filter((sentence) => copied.has(sentence))).toEqual([]);
  });
});
