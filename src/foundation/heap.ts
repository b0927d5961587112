/** A binary heap: gives back what was put in, first what is before all others. */
export type Heap<T> = {
  push(item: T): void;
  /** Takes the first out; undefined: there is none. */
  pop(): T | undefined;
  /** The first, which stays. */
  peek(): T | undefined;
};

/** `isBefore` is a strict order; equal items come in any order. */
export function createHeap<T>(isBefore: (one: T, other: T) => boolean): Heap<T> {
  const items: T[] = [];
  const swap = (one: number, other: number) => {
    [items[one], items[other]] = [items[other]!, items[one]!];
  };
  return {
    push(item) {
      let index = items.push(item) - 1;
      while (index > 0) {
        const parent = (index - 1) >>> 1;
        if (!isBefore(items[index]!, items[parent]!)) return;
        swap(index, parent);
        index = parent;
      }
    },
    pop() {
      const first = items[0];
      const last = items.pop();
      if (items.length === 0) return first;
      items[0] = last!;
      for (let index = 0; ; ) {
        let least = index;
        for (let child = 2 * index + 1; child <= 2 * index + 2 && child < items.length; child++)
          if (isBefore(items[child]!, items[least]!)) least = child;
        if (least === index) return first;
        swap(index, least);
        index = least;
      }
    },
    peek: () => items[0],
  };
}
