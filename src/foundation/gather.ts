/** Takes the pieces of a body as they come. Copied together: kept apart, a piece of one byte costs hundreds. */
export function createGatherer() {
  let bytes: Buffer = Buffer.alloc(0);
  let size = 0;
  return {
    size: () => size,
    add(piece: Buffer): void {
      if (size === 0) bytes = piece;
      else {
        if (size + piece.length > bytes.length) {
          const larger = Buffer.allocUnsafe(2 * (size + piece.length));
          bytes.copy(larger, 0, 0, size);
          bytes = larger;
        }
        piece.copy(bytes, size);
      }
      size += piece.length;
    },
    all: (): Buffer => bytes.subarray(0, size),
  };
}
