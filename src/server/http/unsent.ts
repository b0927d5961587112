/** What slow readers let pile up, counted over all of them: each alone may be within its own bound. */
export type Unsent = {
  /** `bytes` wait for this reader now. False: too much waits in all, and for this one more than its part of the bound. */
  note(reader: object, bytes: number): boolean;
  forget(reader: object): void;
  bytes(): number;
};

export function createUnsent(bytesMax: number): Unsent {
  const byReader = new Map<object, number>();
  let total = 0;
  return {
    note(reader, bytes) {
      total += bytes - (byReader.get(reader) ?? 0);
      if (bytes === 0) byReader.delete(reader);
      else byReader.set(reader, bytes);
      return total <= bytesMax || bytes <= bytesMax / byReader.size;
    },
    forget(reader) {
      total -= byReader.get(reader) ?? 0;
      byReader.delete(reader);
    },
    bytes: () => total,
  };
}
