import { styleText } from 'node:util';

/** One line per step on a terminal, rewritten while it runs; plain lines elsewhere. */
export type Progress = { step(what: string): void; done(): void };

export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  const live = stream.isTTY === true;
  let current: { what: string; startedMs: number } | undefined;
  const finish = (): void => {
    if (!current) return;
    const seconds = ((performance.now() - current.startedMs) / 1000).toFixed(1);
    const line = `${styleText('green', '✓', { stream })} ${current.what} (${seconds} s)`;
    stream.write(live ? `\r\x1b[K${line}\n` : `${line}\n`);
    current = undefined;
  };
  return {
    step(what) {
      finish();
      current = { what, startedMs: performance.now() };
      if (live) stream.write(`… ${what}`);
    },
    done: finish,
  };
}
