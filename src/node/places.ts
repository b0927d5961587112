/** At most so many at once per key; the next ones wait in order, and beyond a bound are refused. */
export type Places = {
  /** Resolves, when there is a place, to what gives it back. */
  enter(key?: string): Promise<() => void>;
  /** Works as soon as there is a place, without a key. */
  run<T>(work: () => Promise<T>): Promise<T>;
};

/** `what` takes the places, such as `commands`: for the refusal. */
export function createPlaces(what: string, insideMax: number, waitingMax: number): Places {
  const keys = new Map<string, { inside: number; waiting: (() => void)[] }>();

  const leave = (key: string) => {
    const place = keys.get(key)!;
    // The place is handed on, so that nobody can slip in between.
    const next = place.waiting.shift();
    if (next) return next();
    place.inside -= 1;
    if (place.inside === 0) keys.delete(key);
  };
  async function enter(key = ''): Promise<() => void> {
    const place = keys.get(key) ?? { inside: 0, waiting: [] };
    keys.set(key, place);
    if (place.inside < insideMax) place.inside += 1;
    else if (place.waiting.length >= waitingMax)
      throw new Error(`${insideMax} ${what} run and ${waitingMax} wait${key && ` in ${key}`}: try again later`);
    else await new Promise<void>((resolve) => place.waiting.push(resolve));
    let inside = true;
    return () => {
      if (inside) leave(key);
      inside = false;
    };
  }
  return {
    enter,
    async run(work) {
      const leave = await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
