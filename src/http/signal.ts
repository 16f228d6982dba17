import type { IncomingMessage, ServerResponse } from 'node:http';

/** Why a request's signal fired: nobody waits for the answer any more. */
export class ClientGone extends Error {
  override readonly name = 'AbortError';

  constructor() {
    super('The client left before the answer was complete');
  }
}

const signals = new WeakMap<IncomingMessage, AbortSignal>();

/**
 * Fires with {@link ClientGone} when the client leaves before the response has ended.
 * (`writableFinished` would be no help: it is true on HTTP/2 responses that were reset before their first byte.)
 */
export function requestSignal(request: IncomingMessage, response: ServerResponse): AbortSignal {
  const known = signals.get(request);
  if (known) return known;
  const controller = new AbortController();
  const leave = () => controller.abort(new ClientGone());
  if (request.destroyed && !request.complete) leave();
  request.once('aborted', leave);
  response.once('close', () => {
    if (!response.writableEnded) leave();
  });
  signals.set(request, controller.signal);
  return controller.signal;
}
