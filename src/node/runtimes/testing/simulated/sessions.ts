import { PassThrough } from 'node:stream';
import type { StreamOptions, StreamSession } from '../../runtime.ts';
import type { Program } from './program.ts';

/** A simulated program's streams: `cat` gives its input back, everything else speaks and ends at once. */
export function simulatedSession(program: Program, streams: StreamOptions): StreamSession {
  const stdout = streams.stdout ? new PassThrough() : undefined;
  const stderr = streams.stderr && !streams.tty ? new PassThrough() : undefined;
  const stdin = streams.stdin ? new PassThrough() : undefined;
  stderr?.end();
  stdout?.write(program.output);
  const done = new Promise<number>((resolve) => {
    if (program.echoesInput && stdin) {
      if (stdout) stdin.pipe(stdout);
      stdin.resume();
      stdin.once('end', () => resolve(program.exitCode));
      stdin.once('close', () => resolve(program.exitCode));
    } else {
      stdin?.resume();
      stdout?.end();
      resolve(program.exitCode);
    }
  });
  const close = () => {
    for (const stream of [stdin, stdout, stderr]) stream?.destroy();
  };
  return { stdin, stdout, stderr, resize() {}, done, close };
}
