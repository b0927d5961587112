import { styleText } from 'node:util';

/** Tells what is being done now. */
export type Progress = { step(what: string): void };

/** Runs what tells its steps: one line for each on a terminal, rewritten while it runs; plain lines elsewhere. */
export async function withProgress<Result>(
  run: (progress: Progress) => Promise<Result>,
  stream: NodeJS.WriteStream = process.stderr,
): Promise<Result> {
  const live = stream.isTTY === true;
  let current: { what: string; startedMs: number } | undefined;
  const end = (mark: string): void => {
    if (!current) return;
    const seconds = ((performance.now() - current.startedMs) / 1000).toFixed(1);
    const line = `${mark} ${current.what} (${seconds} s)`;
    stream.write(live ? `\r\x1b[K${line}\n` : `${line}\n`);
    current = undefined;
  };
  const done = () => end(styleText('green', '✓', { stream }));
  const step = (what: string): void => {
    done();
    current = { what, startedMs: performance.now() };
    if (live) stream.write(`… ${what}`);
  };
  const interrupted = (): void => {
    end(styleText('red', '✗', { stream }));
    stream.write('Interrupted: what was begun is not undone. The same command takes it up again.\n');
    // Whoever started this (a shell, a script) must see that it ended so.
    process.kill(process.pid, 'SIGINT');
  };
  process.once('SIGINT', interrupted);
  try {
    const result = await run({ step });
    done();
    return result;
  } catch (error) {
    // Why is told next, on a line of its own.
    end(styleText('red', '✗', { stream }));
    throw error;
  } finally {
    process.off('SIGINT', interrupted);
  }
}
