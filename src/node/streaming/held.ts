import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** What every stream may have held, however much others have. */
const ownBytesMax = 1024 * 1024;

/** What a piece takes besides its bytes: they may come one by one. */
const pieceBytes = 256;

/**
 * Bounds what is held of messages that are not complete, or that nobody takes: of all streams together, as each of them
 * may have one of many megabytes. Who makes it more is cut off.
 */
export function createHeld(bytesMax: number): (socket: WebSocket, client: Duplex) => void {
  let all = 0;
  return (socket, client) => {
    let own = 0;
    let isComplete = false;
    const release = () => {
      all -= own;
      own = 0;
      isComplete = false;
    };
    client.on('data', (chunk: Buffer) => {
      if (isComplete && !socket.isPaused) release();
      own += chunk.length + pieceBytes;
      all += chunk.length + pieceBytes;
      if (all > bytesMax && own > ownBytesMax) socket.terminate();
    });
    // Whoever does not take it pauses the socket: it is read on when it was taken.
    socket.on('message', () => {
      isComplete = true;
    });
    socket.once('close', release);
  };
}
