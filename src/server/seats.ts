/** Places that are taken for a while: at most `max` at once, and `each` of them by one. */
export type Seats = {
  /** Returns what gives the seat back, once; undefined when there is none for `who`. */
  take(who: string, each?: number): (() => void) | undefined;
  taken(): number;
};

export function createSeats(max: number, each: number): Seats {
  const byOne = new Map<string, number>();
  let taken = 0;
  function leave(who: string): void {
    taken--;
    const left = byOne.get(who)! - 1;
    if (left === 0) byOne.delete(who);
    else byOne.set(who, left);
  }
  return {
    take(who, most = each) {
      const own = byOne.get(who) ?? 0;
      if (taken >= max || own >= most) return undefined;
      taken++;
      byOne.set(who, own + 1);
      let seated = true;
      return () => {
        if (seated) leave(who);
        seated = false;
      };
    },
    taken: () => taken,
  };
}
