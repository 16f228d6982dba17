import { badToken, type CheckedApi, graph, stored } from './checked-api';

/** What users let the server do and keep. */
export function describeWork(api: CheckedApi): void {
  const { call } = api;

  test('validation and results', async () => {
    expect((await call('POST /validation', 200, { body: stored, token: null })).json()).toEqual({
      errors: [],
    });
    const broken = { process_graph: { a: { process_id: 'nothing', arguments: {}, result: true } } };
    expect((await call('POST /validation', 200, { body: broken })).json().errors).toHaveLength(1);
    await call('POST /validation', 400, { body: {} });
    await call('POST /validation', 403, { body: stored, ...badToken });
    await call('POST /result', 200, { body: { process: stored } });
    await call('POST /result', 200, {
      body: { process: { process_graph: graph }, plan: null, budget: null },
    });
    await call('POST /result', 400, { body: { process: broken } });
    await call('POST /result', 400, { raw: '{', headers: { 'content-type': 'application/json' } });
    await call('POST /result', 401, { body: { process: stored }, token: null });
  });

  test('stored processes', async () => {
    const endpoint = (method: string) => `${method} /process_graphs/{process_graph_id}`;
    const path = '/process_graphs/test';
    await call(endpoint('PUT'), 200, { path, body: stored });
    expect((await call(endpoint('GET'), 200, { path })).json()).toEqual({ ...stored, id: 'test' });
    await call('GET /process_graphs', 200);
    await call('GET /process_graphs', 200, { path: '/process_graphs?limit=1' });
    await call(endpoint('PUT'), 400, { path: '/process_graphs/add', body: stored });
    await call(endpoint('PUT'), 400, { path, body: {} });
    await call(endpoint('PUT'), 401, { path, body: stored, token: null });
    await call(endpoint('DELETE'), 204, { path });
    for (const method of ['GET', 'DELETE']) {
      await call(endpoint(method), 404, { path });
      await call(endpoint(method), 401, { path, token: null });
    }
    await call('GET /process_graphs', 401, { token: null });
  });

  test('files', async () => {
    const endpoint = (method: string) => `${method} /files/{path}`;
    const path = '/files/folder/%C3%A4.bin';
    await call(endpoint('PUT'), 200, { path, raw: new Uint8Array(10) });
    await call(endpoint('GET'), 200, { path });
    expect((await call('GET /files', 200)).json().files).toMatchObject([{ path: 'folder/ä.bin', size: 10 }]);
    await call('GET /files', 200, { path: '/files?limit=1' });
    await call('GET /files', 401, { token: null });
    await call(endpoint('PUT'), 400, { path: '/files/folder', raw: 'x' });
    await call(endpoint('GET'), 400, { path: '/files/folder' });
    await call(endpoint('DELETE'), 400, { path: '/files/folder' });
    await call(endpoint('DELETE'), 204, { path });
    for (const method of ['GET', 'DELETE']) await call(endpoint(method), 404, { path });
    for (const method of ['GET', 'PUT', 'DELETE']) await call(endpoint(method), 401, { path, token: null });
  });

  test('services', async () => {
    const service = { type: 'XYZ', title: 'Test', description: 'Test.', process: { process_graph: graph } };
    const created = await call('POST /services', 201, { path: '/services', body: service });
    const id = created.headers.get('openeo-identifier');
    const path = `/services/${id}`;
    expect(created.headers.get('location')).toBe(api.server.api + path);
    expect((await call('GET /services/{service_id}', 200, { path })).json().process).toEqual(service.process);
    await call('GET /services', 200);
    await call('GET /services', 200, { path: '/services?limit=1' });
    await call('PATCH /services/{service_id}', 204, { path, body: { title: 'Other', enabled: false } });
    await call('GET /services/{service_id}/logs', 200, { path: `${path}/logs` });
    await call('GET /services/{service_id}/logs', 200, { path: `${path}/logs?limit=1&level=warning` });
    await call('GET /services/{service_id}/logs', 400, { path: `${path}/logs?level=loud` });
    await call('PATCH /services/{service_id}', 400, { path, body: { enabled: 'no' } });
    await call('POST /services', 400, { body: { ...service, type: 'nothing' } });
    await call('POST /services', 400, { body: {} });
    await call('POST /services', 401, { body: service, token: null });
    await call('GET /services', 401, { token: null });
    await call('DELETE /services/{service_id}', 401, { path, token: null });
    await call('DELETE /services/{service_id}', 204, { path });
    await call('DELETE /services/{service_id}', 404, { path });
    await call('GET /services/{service_id}', 404, { path });
    await call('GET /services/{service_id}/logs', 404, { path: `${path}/logs` });
  });

  test('batch jobs', async () => {
    const process = { process_graph: graph };
    const created = await call('POST /jobs', 201, { body: { process, title: 'Test', description: 'Test.' } });
    const path = `/jobs/${created.headers.get('openeo-identifier')}`;
    expect(created.headers.get('location')).toBe(api.server.api + path);
    const endpoint = (method: string, rest = '') => `${method} /jobs/{job_id}${rest}`;
    expect((await call(endpoint('GET'), 200, { path })).json().status).toBe('created');
    await call('GET /jobs', 200);
    await call('GET /jobs', 200, { path: '/jobs?limit=1' });
    await call('GET /jobs', 400, { path: '/jobs?limit=x' });
    await call(endpoint('PATCH'), 204, { path, body: { title: 'Other', plan: 'free', budget: 3 } });
    await call(endpoint('PATCH'), 400, { path, body: {} });
    await call(endpoint('GET', '/estimate'), 200, { path: `${path}/estimate` });
    await call(endpoint('GET', '/results'), 400, { path: `${path}/results` });
    await call(endpoint('POST', '/results'), 202, { path: `${path}/results` });
    const ended = async (job: string) => {
      for (;;) {
        const { status } = (await call(endpoint('GET'), 200, { path: job })).json();
        if (['finished', 'error'].includes(status)) return status;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    expect(await ended(path)).toBe('finished');
    await call(endpoint('GET', '/results'), 200, { path: `${path}/results` });
    const item = { path: `${path}/results`, headers: { accept: 'application/geo+json' } };
    await call(endpoint('GET', '/results'), 200, item);
    await call(endpoint('DELETE', '/results'), 204, { path: `${path}/results` });
    await call(endpoint('GET', '/logs'), 200, { path: `${path}/logs` });
    await call(endpoint('GET', '/logs'), 200, { path: `${path}/logs?limit=1&level=info` });

    const load = {
      process_id: 'load_stac',
      arguments: { url: 'https://elsewhere.example/a.json' },
      result: true,
    };
    const failing = { process: { process_graph: { load } } };
    const other = (await call('POST /jobs', 201, { body: failing })).headers.get('openeo-identifier');
    await call(endpoint('POST', '/results'), 202, { path: `/jobs/${other}/results` });
    expect(await ended(`/jobs/${other}`)).toBe('error');
    await call(endpoint('GET', '/results'), 424, { path: `/jobs/${other}/results` });

    await call('POST /jobs', 400, { body: {} });
    await call('POST /jobs', 401, { body: { process }, token: null });
    await call('GET /jobs', 401, { token: null });
    await call(endpoint('DELETE'), 204, { path });
    for (const [method, rest] of [
      ['GET', ''],
      ['DELETE', ''],
      ['PATCH', ''],
      ['GET', '/estimate'],
      ['GET', '/logs'],
      ['GET', '/results'],
      ['POST', '/results'],
      ['DELETE', '/results'],
    ]) {
      const body = method === 'PATCH' ? { title: 'x' } : undefined;
      await call(endpoint(method, rest), 404, { path: path + rest, body });
      await call(endpoint(method, rest), 401, { path: path + rest, body, token: null });
    }
  });
}
