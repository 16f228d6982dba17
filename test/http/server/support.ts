import type { ClientHttp2Session } from 'node:http2';
import express, { type Express } from 'express';
import multer from 'multer';
import { silentLogger } from '../../../src/base/logger';
import { speakHttp2 } from '../../../src/http/http2';
import { createHttpServer, type HttpServer, type ServerLimits } from '../../../src/http/server';
import { requestSignal } from '../../../src/http/signal';
import { connectH2 } from '../../support/h2';
import { selfSigned } from '../../support/tls';

export const certificate = selfSigned();
export const closing: (() => Promise<unknown> | unknown)[] = [];

/** Ends what a test opened, the last first; for `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

interface Events {
  started: number;
  readonly aborted: unknown[];
  /** Lets the handler of /slow answer. */
  release(): void;
  readonly entered: Promise<void>;
}

/** An application that shows what Express sees. */
export function testApp(): { app: Express; events: Events } {
  speakHttp2();
  speakHttp2();
  const app = express();
  let enter: () => void;
  const entered = new Promise<void>((resolve) => {
    enter = resolve;
  });
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const events: Events = { started: 0, aborted: [], release: () => release(), entered };
  app.get('/meta', (req, res) => {
    res.json({
      host: req.host,
      protocol: req.protocol,
      version: req.httpVersion,
      ip: req.ip,
      query: req.query,
    });
  });
  app.post('/json', express.json(), (req, res) => {
    res.status(201).location('/x').json(req.body);
  });
  const upload = multer({ storage: multer.memoryStorage() });
  app.post('/upload', upload.single('file'), (req, res) => {
    res.json({ size: req.file?.size, fields: req.body });
  });
  app.get('/slow', async (req, res) => {
    events.started++;
    requestSignal(req, res).addEventListener('abort', () =>
      events.aborted.push(requestSignal(req, res).reason),
    );
    enter();
    await released;
    if (!res.destroyed) res.json({ slow: true });
  });
  const inner = express();
  inner.get('/who', (req, res) => {
    res.json({
      base: req.baseUrl,
      host: req.get('host'),
      isInner: req.app === inner || Object.getPrototypeOf(req.app) === inner,
    });
  });
  app.use('/inner', inner);
  app.get('/inner/after', (req, res) => {
    res.json({ host: req.get('host') });
  });
  app.get('/fails', () => {
    throw Object.assign(new Error('teapot'), { status: 418 });
  });
  return { app, events };
}

export async function start(options: { isTls?: boolean; limits?: Partial<ServerLimits> } = {}) {
  const { app, events } = testApp();
  const server = createHttpServer(app, {
    logger: silentLogger,
    ...(options.isTls && { tls: certificate }),
    ...(options.limits && { limits: options.limits }),
  });
  const { port } = await server.listen('127.0.0.1', 0);
  let isClosed = false;
  const close = async (graceMs = 0) => {
    if (isClosed) return;
    isClosed = true;
    await server.close(graceMs);
  };
  closing.push(() => close());
  const origin = `${options.isTls ? 'https' : 'http'}://127.0.0.1:${port}`;
  return { server: server as HttpServer, port, origin, events, close };
}

export async function session(origin: string): Promise<ClientHttp2Session> {
  const opened = await connectH2(origin, { rejectUnauthorized: false });
  closing.push(() => opened.destroy());
  return opened;
}
