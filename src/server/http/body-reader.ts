import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../api/status.ts';
import { createGatherer } from '../../foundation/gather.ts';
import { bodyBytesMax } from '../body.ts';

/** A body of so much is read however many large ones wait for their end: the leases of nodes are such. */
const smallBytesMax = 64 * 1024;

/** Reads bodies, of which no more than `bytesMax` are held at once. */
export function createBodyReader(bytesMax: number): (request: IncomingMessage) => Promise<Buffer> {
  let held = 0;
  /** Throws RequestEntityTooLarge and TooManyRequests, and BadRequest when the client goes away. */
  return (request) => {
    const declared = Number(request.headers['content-length'] ?? 0);
    if (declared > bodyBytesMax) return Promise.reject(tooLarge(request));
    // Gone before anybody listened: nothing would be told any more.
    if (request.destroyed) return Promise.reject(wentAway());
    return new Promise((resolve, reject) => {
      const body = createGatherer();
      let counted = 0;
      const release = () => {
        held -= counted;
        counted = 0;
      };
      request.on('data', (chunk: Buffer) => {
        body.add(chunk);
        const size = body.size();
        counted += chunk.length;
        held += chunk.length;
        if (size > bodyBytesMax || (held > bytesMax && size > smallBytesMax)) {
          release();
          reject(size > bodyBytesMax ? tooLarge(request) : tooMany());
          request.removeAllListeners('data');
          request.resume();
        }
      });
      request.on('end', () => {
        release();
        resolve(body.all());
      });
      request.on('close', release);
      request.on('error', reject);
      request.on('aborted', () => reject(wentAway()));
    });
  };
}

const tooMany = () => new ApiError('TooManyRequests', 'too many large bodies at once');
const wentAway = () => new ApiError('BadRequest', 'the client went away while it sent the body');

/** The rest of the body is not waited for: the connection ends with the answer. */
function tooLarge(request: IncomingMessage): ApiError {
  request.resume();
  return new ApiError('RequestEntityTooLarge', `Request entity too large: limit is ${bodyBytesMax}`);
}
