import type { Writable } from 'node:stream';

/** Resolves when more can be written, or when nothing can be any more. Leaves no listener behind. */
export function drained(stream: Pick<Writable, 'closed' | 'on' | 'removeListener'>): Promise<void> {
  if (stream.closed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      stream.removeListener('drain', done);
      stream.removeListener('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}
