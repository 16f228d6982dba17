import { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import express, { type Application } from 'express';

interface Internals {
  application: { handle: Handle };
  request: object;
  response: object;
}
type Handle = (this: Application, request: object, response: object, next?: unknown) => void;

const shimmed = Symbol('speaks HTTP/2');

/** Express's methods on top of the prototype that Node gives to HTTP/2 messages. */
function graft(methods: object, base: object): object {
  return Object.create(base, Object.getOwnPropertyDescriptors(methods));
}

/**
 * Teaches Express to take the requests of `node:http2`. Express replaces the prototype of each request and
 * response by its own, which inherits from HTTP/1.1 messages; for HTTP/2 messages that must be prototypes
 * which inherit from theirs. `application.handle` is the one place that every application, mounted ones
 * included, passes. Calling it again changes nothing.
 */
export function speakHttp2(): void {
  const { application, request, response } = express as unknown as Internals;
  if (shimmed in application) return;
  const handle = application.handle;
  const requestMethods = graft(request, Http2ServerRequest.prototype);
  const responseMethods = graft(response, Http2ServerResponse.prototype);
  const faces = new WeakMap<Application, Application>();

  /** The application as HTTP/2 requests see it: the same but for the two prototypes. */
  function faceOf(app: Application): Application {
    let face = faces.get(app);
    if (!face) {
      face = Object.create(app) as Application;
      const owner = { app: { value: face, configurable: true, enumerable: true, writable: true } };
      Object.defineProperty(face, 'request', { value: Object.create(requestMethods, owner) });
      Object.defineProperty(face, 'response', { value: Object.create(responseMethods, owner) });
      faces.set(app, face);
    }
    return face;
  }

  application.handle = function (this: Application, message, answer, next) {
    const { httpVersionMajor } = message as Http2ServerRequest;
    if (httpVersionMajor < 2) return handle.call(this, message, answer, next);
    describeBody(message as Http2ServerRequest);
    return handle.call(faceOf(this), message, answer, next);
  };
  Object.defineProperty(application, shimmed, { value: true });
}

/** Body parsers look at HTTP/1.1 headers only, to tell the host and whether there is a body. */
function describeBody({ headers, stream }: Http2ServerRequest): void {
  headers.host ??= headers[':authority'];
  const isDeclared = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  if (!isDeclared && stream && !stream.endAfterHeaders) headers['transfer-encoding'] = 'chunked';
}
