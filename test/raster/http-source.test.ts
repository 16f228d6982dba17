import { HttpSource } from '../../src/raster/bytes/http';
import { newReader, readBand } from './support/scenes';
import { plainHttp, serveFile } from './support/server';
import { pixelOf, tinyTiff } from './support/tiny-tiff';

const signal = () => AbortSignal.timeout(10_000);

describe('files on web servers', () => {
  let server: Awaited<ReturnType<typeof serveFile>>;
  const source = () => new HttpSource(server.url, plainHttp, 1);

  beforeEach(async () => {
    server = await serveFile(tinyTiff({ width: 640, height: 480 }));
  });
  afterEach(() => server.close());

  test('are read by ranges, block by block', async () => {
    const reader = newReader(plainHttp);
    const { grid } = await reader.info(server.url, signal());
    const header = server.ranges.length;
    expect(header).toBeLessThanOrEqual(3);
    const { data } = await readBand(reader, server.url, { ...grid, width: 40, height: 30 });
    expect(data[29 * 40 + 39]).toBe(pixelOf(39, 29));
    // Six blocks that lie near each other come in few requests.
    expect(server.ranges.length - header).toBeLessThanOrEqual(2);
    await reader.close();
  });

  test('near reads of one turn become one request', async () => {
    const file = source();
    const parts = await Promise.all([
      file.read(100, 50),
      file.read(10, 20),
      file.read(160, 5),
      file.read(100, 50),
    ]);
    expect(server.ranges).toEqual([[10, 164]]);
    const { bytes } = server.behaviour;
    expect(Buffer.from(parts[0])).toEqual(Buffer.from(bytes.subarray(100, 150)));
    expect(Buffer.from(parts[1])).toEqual(Buffer.from(bytes.subarray(10, 30)));
    expect(Buffer.from(parts[2])).toEqual(Buffer.from(bytes.subarray(160, 165)));
  });

  test('far reads stay apart, and the end of the file is short', async () => {
    const file = source();
    const { length } = server.behaviour.bytes;
    const [, last] = await Promise.all([file.read(0, 10), file.read(length - 5, 50)]);
    expect(server.ranges).toHaveLength(2);
    expect(last).toHaveLength(5);
    expect(await file.read(length + 10, 5)).toHaveLength(0);
  });

  test.each([429, 500, 503])('an answer of %i is tried again', async (status) => {
    server.behaviour.failsWith = status;
    expect(await source().read(0, 10)).toHaveLength(10);
  });

  test('broken connections are tried again', async () => {
    server.behaviour.breaks = 2;
    const bytes = await source().read(0, 5000);
    expect(Buffer.from(bytes)).toEqual(Buffer.from(server.behaviour.bytes.subarray(0, 5000)));
  });

  test('what stays broken is an error that names the source without its secrets', async () => {
    server.behaviour.breaks = 100;
    const error = await source()
      .read(0, 5000)
      .catch((caught: Error) => caught);
    expect(error).toMatchObject({ code: 'SourceUnreadable' });
    expect((error as Error).message).toContain('/folder/image.tif');
    expect((error as Error).message).not.toContain('secret');
  });

  test('a server without ranges is refused', async () => {
    server.behaviour.supportsRanges = false;
    await expect(source().read(0, 10)).rejects.toMatchObject({
      code: 'SourceUnreadable',
      message: expect.stringContaining('range requests'),
    });
  });

  test('two files are never mixed', async () => {
    const file = source();
    await file.read(0, 10);
    expect(await file.isCurrent()).toBe(true);
    server.behaviour.etag = '"2"';
    await expect(file.read(2000, 10)).rejects.toMatchObject({
      code: 'SourceUnreadable',
      message: expect.stringContaining('changed'),
    });
    expect(await file.isCurrent()).toBe(false);
  });

  test('an abort stops a waiting read with its reason', async () => {
    server.behaviour.hangs = true;
    const controller = new AbortController();
    const reading = source().read(0, 10, controller.signal);
    setTimeout(() => controller.abort(new Error('gone')), 20);
    await expect(reading).rejects.toThrow('gone');
  });

  test('one reader that leaves does not stop the others', async () => {
    const file = source();
    const controller = new AbortController();
    const one = file.read(0, 10, controller.signal);
    const other = file.read(20, 10, signal());
    controller.abort(new Error('gone'));
    await expect(one).rejects.toThrow('gone');
    expect(await other).toHaveLength(10);
  });
});
