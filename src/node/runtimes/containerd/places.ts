/** At most so many at once per key; the next ones wait in order, and beyond `waitingMax` are refused. */
export type Places = {
  /** Resolves, when there is a place, to what gives it back. */
  enter(key: string): Promise<() => void>;
};

export function createPlaces(insideMax: number, waitingMax: number): Places {
  const keys = new Map<string, { inside: number; waiting: (() => void)[] }>();

  const leave = (key: string) => {
    const place = keys.get(key)!;
    const next = place.waiting.shift();
    if (next) return next();
    place.inside -= 1;
    if (place.inside === 0) keys.delete(key);
  };
  return {
    async enter(key) {
      const place = keys.get(key) ?? { inside: 0, waiting: [] };
      keys.set(key, place);
      if (place.inside < insideMax) place.inside += 1;
      else if (place.waiting.length >= waitingMax)
        throw new Error(`${insideMax} commands run and ${waitingMax} wait in ${key}: try again later`);
      else await new Promise<void>((resolve) => place.waiting.push(resolve));
      let inside = true;
      return () => {
        if (inside) leave(key);
        inside = false;
      };
    },
  };
}
