import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { decodeLine, type Line, observationLines, observationsFormat } from '../../api/observations/lines.ts';
import type { Observations } from '../../api/observations/observation.ts';

/** What a file may hold; what does not fit is left out of it. */
const fileBytesMax = 16 * 2 ** 20;

const current = 'observations.jsonl';
/** As it was one writing before: read when the newest is damaged. */
const previous = 'observations.previous.jsonl';

/** Durable when written: under Node's permission model nothing can be asked to be so afterwards. */
const newAndSynchronous = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_SYNC;

/**
 * Writes all observations in place of those of before, readable by their owner only. Returns how many found no room.
 */
export function writeObservations(directory: string, observations: Observations, bytesMax = fileBytesMax): number {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const parts: string[] = [];
  let bytes = 0;
  let left = 0;
  for (const line of observationLines(observations)) {
    const lineBytes = Buffer.byteLength(line);
    if (bytes + lineBytes > bytesMax) left++;
    else {
      parts.push(line);
      bytes += lineBytes;
    }
  }
  const file = join(directory, current);
  const temporary = `${file}.new`;
  rmSync(temporary, { force: true });
  const descriptor = openSync(temporary, newAndSynchronous, 0o600);
  try {
    writeFileSync(descriptor, parts.join(''));
  } finally {
    closeSync(descriptor);
  }
  if (existsSync(file)) renameSync(file, join(directory, previous));
  renameSync(temporary, file);
  return left;
}

/** What was written last; of two files the first that is one. Nothing when there is none, or none that is whole. */
export function readObservations(directory: string, nowMs: number): { lines: Line[]; refused: number } {
  for (const name of [current, previous]) {
    const read = readFile(join(directory, name), nowMs);
    if (read !== undefined) return read;
  }
  return { lines: [], refused: 0 };
}

function readFile(file: string, nowMs: number): { lines: Line[]; refused: number } | undefined {
  if (!existsSync(file) || statSync(file).size > 2 * fileBytesMax) return undefined;
  const [head, ...rest] = readFileSync(file, 'utf8').split('\n');
  if ((parse(head!) as { format?: string } | undefined)?.format !== observationsFormat) return undefined;
  const decoded = rest.filter((line) => line !== '').map((line) => decodeLine(parse(line), nowMs));
  const lines = decoded.filter((line) => line !== undefined);
  return { lines, refused: decoded.length - lines.length };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
