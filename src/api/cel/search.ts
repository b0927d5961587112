/** A compiled pattern: the instructions of RE2, as the pattern library makes them. */
export type Program = {
  start: number;
  numInst(): number;
  getInst(at: number): Instruction;
};
type Instruction = { op: number; out: number; arg: number; matchRune(rune: number): boolean };

/** Kinds of instructions. Source: @bufbuild/re2, Inst. */
const [alternative, alternativeMatch, capture, emptyWidth, fail, match, nothing] = [1, 2, 3, 4, 5, 6, 7];
const [anything, anyButNewline] = [10, 11];
const newline = 10;

/** Ways of matching that are alive at one place, the preferred first, each with where it began; `seen` in which round. */
type Threads = { at: Int32Array; begin: Int32Array; count: number; seen: Int32Array; round: number };
const threads = (size: number): Threads => ({
  ...{ at: new Int32Array(size), begin: new Int32Array(size), count: 0, seen: new Int32Array(size), round: 1 },
});

/**
 * The leftmost match from `from` on, of several the one that a backtracking matcher would find first, as Go has it; with
 * `any` the first that is noticed. The library itself answers only whether there is one, and takes long where its automaton
 * has many states. This is Pike's algorithm (https://swtch.com/~rsc/regexp/regexp2.html): every step is paid for.
 */
export function search(
  program: Program,
  text: string,
  spend: (units: number) => void,
  { from = 0, any: isAny = false } = {},
): { begin: number; end: number } | undefined {
  let current = threads(program.numInst());
  let next = threads(program.numInst());
  let found: { begin: number; end: number } | undefined;
  let before = from === 0 ? -1 : text.codePointAt(from - 1)!;
  spend(program.numInst() / stepsPerUnit);
  for (let at = from; ; ) {
    const rune = text.codePointAt(at) ?? -1;
    const width = rune > 0xffff ? 2 : 1;
    let steps = found === undefined ? add(program, current, program.start, at, sides(before, rune)) : 0;
    if (found !== undefined && current.count === 0) return found;
    const after = sides(rune, text.codePointAt(at + width) ?? -1);
    for (let index = 0; index < current.count; index++) {
      const instruction = program.getInst(current.at[index]!);
      const begin = current.begin[index]!;
      if (instruction.op === match) {
        found = { begin, end: at };
        if (isAny) return found;
        // whatever comes after is preferred less
        break;
      }
      if (rune >= 0 && consumes(instruction, rune)) steps += add(program, next, instruction.out, begin, after);
    }
    spend((steps + current.count) / stepsPerUnit);
    if (rune < 0) return found;
    clear(current);
    [current, next] = [next, current];
    before = rune;
    at += width;
  }
}

const stepsPerUnit = 16;

function clear(list: Threads): void {
  list.count = 0;
  list.round++;
}

function consumes(instruction: Instruction, rune: number): boolean {
  const { op } = instruction;
  if (op === anything) return true;
  return op === anyButNewline ? rune !== newline : instruction.matchRune(rune);
}

/** Follows what takes no character, preferred ways first. Returns how many instructions were looked at. */
function add(program: Program, list: Threads, start: number, begin: number, place: number): number {
  const stack = [start];
  let steps = 0;
  while (stack.length > 0) {
    const at = stack.pop()!;
    if (list.seen[at] === list.round) continue;
    list.seen[at] = list.round;
    steps++;
    const { op, out, arg } = program.getInst(at);
    if (op === alternative || op === alternativeMatch) stack.push(arg, out);
    else if (op === capture || op === nothing) stack.push(out);
    else if (op === emptyWidth) {
      if ((arg & ~place) === 0) stack.push(out);
    } else if (op !== fail) {
      list.at[list.count] = at;
      list.begin[list.count++] = begin;
    }
  }
  return steps;
}

const isWord = (rune: number) =>
  (rune >= 48 && rune <= 57) || (rune >= 65 && rune <= 90) || rune === 95 || (rune >= 97 && rune <= 122);

/** What is true between two characters (-1: the end of the text): RE2's flags of empty width. */
function sides(left: number, right: number): number {
  const line = (left < 0 || left === newline ? 1 : 0) | (right < 0 || right === newline ? 2 : 0);
  const whole = (left < 0 ? 4 : 0) | (right < 0 ? 8 : 0);
  return line | whole | (isWord(left) === isWord(right) ? 32 : 16);
}
