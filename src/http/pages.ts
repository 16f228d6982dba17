import { dirname, join } from 'node:path';
import express, { type RequestHandler, Router } from 'express';

/** The start page with a map of the services, and what it is made of. */
export function pages(): RequestHandler {
  const router = Router();
  const files = { index: false, maxAge: '1h', fallthrough: true, redirect: false } as const;
  const folder = join(__dirname, 'ui');
  router.get('/', (_request, response) => {
    response.set({ 'Cache-Control': 'no-cache' }).sendFile(join(folder, 'index.html'));
  });
  router.use(
    '/ui/leaflet',
    express.static(join(dirname(require.resolve('leaflet/package.json')), 'dist'), files),
  );
  router.use('/ui', express.static(folder, files));
  return router;
}
