import { dirname, join } from 'node:path';
import express, { type RequestHandler, Router } from 'express';

/** Scripts and styles of this server alone; tiles and documents also from the public address, where that is another one. */
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src * data: blob:',
  'connect-src *',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The start page with a map of the services, one with a map of the tile catalogue, and what they are made of. */
export function pages(): RequestHandler {
  const router = Router();
  const files = { index: false, maxAge: '1h', fallthrough: true, redirect: false } as const;
  const folder = join(__dirname, 'ui');
  const leaflet = join(dirname(require.resolve('leaflet/package.json')), 'dist');
  for (const [path, file] of [
    ['/', 'index.html'],
    ['/catalogue', 'catalogue.html'],
  ])
    router.get(path, (_request, response) => {
      response.set({ 'Cache-Control': 'no-cache', 'Content-Security-Policy': contentPolicy });
      response.sendFile(join(folder, file));
    });
  router.use('/ui/leaflet', express.static(leaflet, files));
  router.use('/ui', express.static(folder, files));
  return router;
}
