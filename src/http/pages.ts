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

/** The start page with a map of the services, and what it is made of. */
export function pages(): RequestHandler {
  const router = Router();
  const files = { index: false, maxAge: '1h', fallthrough: true, redirect: false } as const;
  const folder = join(__dirname, 'ui');
  const leaflet = join(dirname(require.resolve('leaflet/package.json')), 'dist');
  router.get('/', (_request, response) => {
    response.set({ 'Cache-Control': 'no-cache', 'Content-Security-Policy': contentPolicy });
    response.sendFile(join(folder, 'index.html'));
  });
  router.use('/ui/leaflet', express.static(leaflet, files));
  router.use('/ui', express.static(folder, files));
  return router;
}
