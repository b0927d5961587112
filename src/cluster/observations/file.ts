import { existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeLine, type Line, observationLines, observationsFormat } from '../../api/observations/lines.ts';
import type { Observations } from '../../api/observations/observation.ts';
import { writePrivateFile } from '../certificates/private-file.ts';

/** What a file may hold; what does not fit is left out of it. */
export const fileBytesMax = 16 * 2 ** 20;

const current = 'observations.jsonl';
/** As it was one writing before: read when the newest is damaged. */
const previous = 'observations.previous.jsonl';

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
  if (existsSync(file)) renameSync(file, join(directory, previous));
  writePrivateFile(file, parts.join(''));
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
