import { type RecordFixture, user } from './fixture';

/** Map projects and their versions. */
export function describeProjects(given: RecordFixture): void {
  test('projects have unique slugs, and drafts numbers that follow one another', async () => {
    const now = new Date();
    const project = (id: string, slug: string, ownerId = 'ann') => ({
      ...{ id, slug, ownerId, createdAt: now, updatedAt: now },
    });
    expect(await given.store.projects.create(project('p1', 'b-map'))).toBe(true);
    expect(await given.store.projects.create(project('p2', 'b-map', 'bob'))).toBe(false);
    expect(await given.store.projects.create(project('p3', 'a-map', 'bob'))).toBe(true);
    expect(await given.store.projects.get('b-map')).toEqual(project('p1', 'b-map'));
    expect(await given.store.projects.find('p1')).toEqual(project('p1', 'b-map'));
    expect(await given.store.projects.find('b-map')).toBeUndefined();
    const slugs = async (filter: { ownerId?: string; limit?: number; after?: string }) =>
      (await given.store.projects.list(filter)).items.map(({ slug }) => slug);
    expect(await slugs({})).toEqual(['a-map', 'b-map']);
    expect(await slugs({ ownerId: 'ann' })).toEqual(['b-map']);
    const page = await given.store.projects.list({ limit: 1 });
    expect(await slugs({ limit: 1, after: page.next })).toEqual(['b-map']);
    const drafts = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        given.store.projects.createDraft({ id: `v${n}`, projectId: 'p1', createdAt: now }),
      ),
    );
    expect(drafts.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect((await given.store.projects.versions('p1')).map(({ version }) => version)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8,
    ]);
    expect(await given.store.projects.versions('p3')).toEqual([]);
  });

  test('projects of a user that is removed are not those of the next user of that name', async () => {
    const now = new Date();
    await given.store.users.put(user('leaver'));
    await given.store.projects.create({
      ...{ id: 'left', slug: 'left', ownerId: 'leaver', createdAt: now, updatedAt: now },
    });
    expect(await given.store.users.remove('leaver')).toBe(true);
    expect((await given.store.projects.list({ ownerId: 'leaver' })).items).toEqual([]);
    expect(await given.store.projects.get('left')).toMatchObject({ id: 'left', ownerId: '' });
  });

  test('of many who start a generation of a project, one does', async () => {
    const now = new Date();
    await given.store.projects.create({ id: 'p', slug: 's', ownerId: 'ann', createdAt: now, updatedAt: now });
    const race = (before?: string) =>
      Promise.all(
        Array.from({ length: 6 }, (_, n) => given.store.projects.activate('p', `${before}-${n}`, before)),
      );
    expect((await race()).filter(Boolean)).toHaveLength(1);
    const { activeJobId } = (await given.store.projects.get('s'))!;
    expect((await race()).filter(Boolean)).toHaveLength(0);
    expect((await race(activeJobId)).filter(Boolean)).toHaveLength(1);
  });

  test('a version is published once, with what is staged, and never changes again', async () => {
    const now = new Date();
    const draft = await given.store.projects.createDraft({ id: 'v', projectId: 'p', createdAt: now });
    expect(draft).toEqual({ id: 'v', projectId: 'p', version: 1, status: 'draft', createdAt: now });
    const set = (path: string) => ({ path, jobId: 'j', result: { tile_count: 3 } });
    const asset = {
      projectId: 'p',
      versionId: 'v',
      assetType: 'base_map',
      name: 'ü.png',
      key: 'k',
      size: 5e9,
      createdAt: now,
    };
    expect(await given.store.projects.createAsset({ ...asset, id: 'a' })).toBe(true);
    expect(await given.store.projects.publish('v', set('one/'), now)).toBe(false);
    expect(await given.store.projects.stage('v', set('one/'))).toBe(true);
    expect(await given.store.projects.stage('v', set('two/'))).toBe(true);
    expect(await given.store.projects.publish('v', set('one/'), now)).toBe(false);
    expect(await given.store.projects.publish('v', set('two/'), now)).toBe(true);
    expect(await given.store.projects.publish('v', set('two/'), now)).toBe(false);
    expect(await given.store.projects.stage('v', set('three/'))).toBe(false);
    expect(await given.store.projects.createAsset({ ...asset, id: 'b' })).toBe(false);
    expect(await given.store.projects.version('v')).toEqual({
      ...{ ...draft, status: 'published', publishedAt: now, staged: set('two/'), published: set('two/') },
    });
    expect(await given.store.projects.assets('v')).toEqual([{ ...asset, id: 'a' }]);
    expect(await given.store.projects.asset('a')).toEqual({ ...asset, id: 'a' });
    expect(await given.store.projects.asset('b')).toBeUndefined();
  });
}
