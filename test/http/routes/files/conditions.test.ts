import request from 'supertest';
import { content, filesApi } from './files-api';

const files = filesApi();

describe('parts and conditions', () => {
  let etag: string;
  let modified: string;
  beforeEach(async () => {
    await files.put('a', content);
    const { headers } = await request(files.harness.api).head('/files/a').set('Authorization', files.alice);
    [etag, modified] = [headers['etag'], headers['last-modified']];
  });

  test.each([
    ['bytes=0-0', 0, 0],
    ['bytes=10-19', 10, 19],
    ['bytes=250-', 250, 255],
    ['bytes=-6', 250, 255],
    ['bytes=0-9999', 0, 255],
    ['bytes=-9999', 0, 255],
  ])('%s', async (range, start, end) => {
    const answer = await files.get('a').set('Range', range);
    expect(answer.status).toBe(206);
    expect(answer.headers['content-range']).toBe(`bytes ${start}-${end}/256`);
    expect(answer.body).toEqual(content.subarray(start, end + 1));
  });

  test.each(['bytes=256-', 'bytes=300-400', 'bytes=-0'])('%s is outside', async (range) => {
    const answer = await files.get('a').set('Range', range);
    expect([answer.status, answer.headers['content-range']]).toEqual([416, 'bytes */256']);
  });

  test.each(['bytes=a-b', 'lines=1-2', 'bytes=0-1,5-6', 'bytes', 'bytes=9-1', 'bytes=-', 'bytes=--5'])(
    '%s is answered by the whole',
    async (range) => {
      const answer = await files.get('a').set('Range', range);
      expect([answer.status, answer.headers['content-range'], answer.body.length]).toEqual([
        200,
        undefined,
        256,
      ]);
    },
  );

  test('an empty file has no parts', async () => {
    await files.put('empty', '');
    const answer = await files.get('empty').set('Range', 'bytes=0-0');
    expect([answer.status, answer.headers['content-range']]).toEqual([416, 'bytes */0']);
  });

  test('what did not change is not sent again', async () => {
    const status = async (headers: Record<string, string>) => (await files.get('a').set(headers)).status;
    expect(await status({ 'If-None-Match': etag })).toBe(304);
    expect(await status({ 'If-None-Match': `"x", W/${etag}` })).toBe(304);
    expect(await status({ 'If-None-Match': '*' })).toBe(304);
    expect(await status({ 'If-None-Match': '"x"' })).toBe(200);
    expect(await status({ 'If-Modified-Since': modified })).toBe(304);
    expect(await status({ 'If-Modified-Since': 'Mon, 01 Jan 2001 00:00:00 GMT' })).toBe(200);
    expect(await status({ 'If-Modified-Since': 'nonsense' })).toBe(200);
    // The tag decides where both are sent.
    expect(await status({ 'If-None-Match': '"x"', 'If-Modified-Since': modified })).toBe(200);
    expect(await status({ Range: 'bytes=0-9', 'If-Range': etag })).toBe(206);
    expect(await status({ Range: 'bytes=0-9', 'If-Range': modified })).toBe(206);
    expect(await status({ Range: 'bytes=0-9', 'If-Range': '"x"' })).toBe(200);
  });

  test('who wants what it knows is told when there is something else', async () => {
    const status = async (headers: Record<string, string>) => (await files.get('a').set(headers)).status;
    expect(await status({ 'If-Match': etag })).toBe(200);
    expect(await status({ 'If-Match': `"x", ${etag}` })).toBe(200);
    expect(await status({ 'If-Match': '*' })).toBe(200);
    expect(await status({ 'If-Match': '"x"' })).toBe(412);
    expect(await status({ 'If-Match': `W/${etag}` })).toBe(412);
    expect(await status({ 'If-Unmodified-Since': modified })).toBe(200);
    expect(await status({ 'If-Unmodified-Since': 'Mon, 01 Jan 2001 00:00:00 GMT' })).toBe(412);
    expect(await status({ 'If-Unmodified-Since': 'nonsense' })).toBe(200);
  });
});
