import type { Socket } from 'node:net';

export type Protocol = 'http1' | 'http2';

/** How HTTP/2 connections begin; no HTTP/1.1 method has it as a prefix. */
const preface = Buffer.from('PRI');

/**
 * Tells from its first bytes which protocol a connection speaks, and leaves the bytes in place.
 * Connections that end, fail or stay silent for `timeoutMs` are closed.
 */
export function peekProtocol(socket: Socket, timeoutMs: number, found: (protocol: Protocol) => void): void {
  let seen = Buffer.alloc(0);
  const stop = () => {
    clearTimeout(timer);
    socket.off('readable', look);
    socket.off('end', giveUp);
    socket.off('error', giveUp);
    socket.off('close', stop);
  };
  const giveUp = () => {
    stop();
    socket.on('error', () => {});
    socket.destroy();
  };
  const look = () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read())
      seen = Buffer.concat([seen, chunk as Buffer]);
    const compared = Math.min(seen.length, preface.length);
    const isPrefix = seen.subarray(0, compared).equals(preface.subarray(0, compared));
    if (isPrefix && seen.length < preface.length) return;
    stop();
    socket.unshift(seen);
    found(isPrefix ? 'http2' : 'http1');
  };
  const timer = setTimeout(giveUp, timeoutMs);
  socket.on('readable', look);
  socket.once('end', giveUp);
  socket.once('error', giveUp);
  socket.once('close', stop);
}
