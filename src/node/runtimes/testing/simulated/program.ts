/** What a simulated program does: says something, then ends with a code after a while, which may be infinite. */
export type Program = { output: string; endsAfterMs: number; exitCode: number; echoesInput: boolean };

const silent: Program = { output: '', endsAfterMs: Number.POSITIVE_INFINITY, exitCode: 0, echoesInput: false };

/**
 * The few commands whose end matters to tests and demonstrations: `true`, `false`, `echo WORDS`, `cat`, `sleep SECONDS`
 * and `sh -c` with a list of these and `exit CODE`, separated by `;`. Everything else runs until it is stopped, as a
 * server does.
 */
export function programOf(words: string[]): Program {
  const [name = '', ...rest] = words;
  const command = name.split('/').at(-1);
  if (command === 'true') return { ...silent, endsAfterMs: 0 };
  if (command === 'false') return { ...silent, endsAfterMs: 0, exitCode: 1 };
  if (command === 'echo') return { ...silent, endsAfterMs: 0, output: `${rest.join(' ')}\n` };
  if (command === 'cat' && rest.length === 0) return { ...silent, echoesInput: true };
  if (command === 'sleep') return { ...silent, endsAfterMs: Number(rest[0]) * 1000 || 0 };
  if (command === 'sh' && rest[0] === '-c') return scriptOf(rest[1] ?? '');
  return silent;
}

function scriptOf(script: string): Program {
  let whole: Program = { ...silent, endsAfterMs: 0 };
  for (const step of script.split(';').map((part) => part.trim().split(/\s+/).filter(Boolean))) {
    if (step.length === 0) continue;
    if (step[0] === 'exit') return { ...whole, exitCode: Number(step[1] ?? whole.exitCode) };
    const next = programOf(step);
    whole = { ...next, output: whole.output + next.output, endsAfterMs: whole.endsAfterMs + next.endsAfterMs };
  }
  return whole;
}
