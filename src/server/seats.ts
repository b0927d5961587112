/** Places that are taken for a while: at most `max` at once, and `each` of them by one. */
export type Seats = {
  /** Returns what gives the seat back, once; undefined when there is none for `who`. `most`: instead of `each`. */
  take(who: string, options?: { most?: number; reserved?: boolean }): (() => void) | undefined;
  taken(): number;
};

/** Most of those who leave come back at once: whoever has no seat is forgotten only beyond so many. */
const rememberedMax = 1000;

/** `reserve` of the seats are only for whom they are reserved. */
export function createSeats(max: number, each: number, reserve = 0): Seats {
  const byOne = new Map<string, { taken: number }>();
  let taken = 0;
  function ownOf(who: string) {
    let own = byOne.get(who);
    if (own === undefined) {
      own = { taken: 0 };
      byOne.set(who, own);
    }
    return own;
  }
  return {
    take(who, { most = each, reserved = false } = {}) {
      if (taken >= (reserved ? max : max - reserve)) return undefined;
      const own = ownOf(who);
      if (own.taken >= most) return undefined;
      taken++;
      own.taken++;
      let seated = true;
      return () => {
        if (!seated) return;
        seated = false;
        taken--;
        own.taken--;
        if (own.taken === 0 && byOne.size > rememberedMax) byOne.delete(who);
      };
    },
    taken: () => taken,
  };
}
