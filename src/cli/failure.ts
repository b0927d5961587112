import { printableLines } from '../foundation/printable.ts';
import { UsageError } from '../foundation/usage-error.ts';

/** What to do about what the operating system refuses, by its code, or by that and the call. */
const remedies: Record<string, string> = {
  ENOSPC: 'the disk is full: free some space and run the command again, nothing is lost',
  EDQUOT: 'the quota of the disk is used up: free some space and run the command again, nothing is lost',
  EROFS: 'the file system is mounted read-only: name another place, or mount it again for writing',
  EACCES: 'this user may not do that: run the command as root, or name another place',
  EPERM: 'this user may not do that: run the command as root, or name another place',
  EADDRINUSE: 'the port is taken by another program: choose another with --port, or end that program (ss -ltnp)',
  ENOTDIR: 'a file is where a folder should be: name another place',
  'EEXIST mkdir': 'a file is where a folder should be: name another place',
  EISDIR: 'a folder is where a file should be: name a file',
  EMFILE: 'too many files are open: raise the limit (ulimit -n)',
};

/** An error whose stack is to be shown, with those behind it: an API server may have written part of their messages. */
export function printableError(error: unknown): unknown {
  for (let each = error; each instanceof Error; each = each.cause) each.stack = printableLines(each.stack ?? '');
  return error;
}

/**
 * The sentence for what ended a command, without a stack; undefined for a fault of our own, whose stack is wanted.
 */
export function sentenceFor(error: unknown): string | undefined {
  if (error instanceof UsageError) return printableLines(error.message);
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  const remedy = remedies[String(error.code)] ?? remedies[`${error.code} ${error.syscall}`];
  return remedy === undefined ? undefined : `${remedy} (${error.message})`;
}
