import { existsSync, readFileSync } from 'node:fs';
import type { Configuration } from '../configuration.ts';
import { logFiles, type ProcessName } from '../places.ts';

/** How often a process has ended by itself, as far as its crash log reaches back. */
export function countCrashes(name: ProcessName, configuration: Configuration): number {
  const { crash } = logFiles(name, configuration);
  if (!existsSync(crash)) return 0;
  return readFileSync(crash, 'utf8').split(`Z ${name} ended with status `).length - 1;
}

/** The last lines a process logged, and what it said when it crashed, for error messages. */
export function lastLogLines(name: ProcessName, configuration: Configuration, count = 5): string {
  const { log, crash } = logFiles(name, configuration);
  const ends = [log, crash].map((file) => [file, endOf(file, count)]).filter(([, end]) => end !== '');
  return ends.length === 0 ? '(no log)' : ends.map(([file, end]) => `The end of ${file}:\n${end}`).join('\n');
}

function endOf(file: string, count: number): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n') : '';
}
