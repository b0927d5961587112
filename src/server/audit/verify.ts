import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { auditParts, readHead } from './files.ts';
import { genesis, hashOf, linkOf } from './lines.ts';

export type AuditProblem = { file: string; line: number; what: string };
export type AuditVerdict = { lines: number; problems: AuditProblem[] };

const problemsMax = 100;

/**
 * Checks a whole audit log: every line is chained to the one before, across its parts, from the oldest that rotation
 * kept to the last that was written. Finds altered, removed, inserted and cut-off lines. Whoever can rewrite both the
 * log and audit.head consistently is not found: copy audit.head elsewhere to notice that too.
 */
export async function verifyAudit(directory: string): Promise<AuditVerdict> {
  const head = readHead(directory);
  const problems: AuditProblem[] = [];
  let lines = 0;
  let previous: { sequence: number; hash: string } | undefined;
  let atHead: string | undefined;
  for (const file of auditParts(directory)) {
    let number = 0;
    const report = (what: string) => {
      if (problems.length < problemsMax) problems.push({ file, line: number, what });
    };
    const input = createReadStream(join(directory, file));
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++;
      lines++;
      const link = linkOf(line);
      if (link === undefined) {
        report('is not a line of an audit log');
        continue;
      }
      if (link.gap !== undefined) report(`a gap was found when the server started: ${link.gap}`);
      const start = {
        sequence: (head?.oldest ?? 1) - 1,
        hash: previous === undefined && link.sequence > 1 ? link.previous : genesis,
      };
      const before = previous ?? start;
      if (link.sequence !== before.sequence + 1)
        report(`has number ${link.sequence} where ${before.sequence + 1} should be: lines were removed or moved`);
      else if (link.previous !== before.hash) report('does not follow from the line before: one of both was altered');
      previous = { sequence: link.sequence, hash: hashOf(line) };
      if (link.sequence === head?.sequence) atHead = previous.hash;
    }
  }
  const end = { file: 'audit.log', line: 0 };
  if (head === undefined && lines > 0) problems.push({ ...end, what: 'audit.head is missing' });
  if (head !== undefined && (previous?.sequence ?? 0) < head.sequence)
    problems.push({
      ...end,
      what: `ends at number ${previous?.sequence ?? 0}, but ${head.sequence} was written: cut off`,
    });
  else if (head !== undefined && atHead !== head.hash) problems.push({ ...end, what: 'the last line was altered' });
  return { lines, problems };
}
