import { spanText, watchedMs } from '../../observations/watched.ts';
import { asText, notAssessedLines } from '../../report/lines.ts';
import { printable } from '../../report/printable.ts';
import { changesText, distinctFileNames, writeChanges } from '../../report/write-changes.ts';
import type { DerivedRoles, DeriveReport } from './derive.ts';

/** The roles as documents that kubectl applies; what is to be removed stands in comments. */
export const rolesYaml = ({ users }: DeriveReport): string =>
  users
    .filter(({ changes }) => changes.length > 0)
    .map(({ user, changes }) => changesText(titleOf(user), changes))
    .join('---\n');

/** For people. */
export function renderRoles({ users, warnings, windows, notAssessed }: DeriveReport): string {
  const lines = users.flatMap((user) => [...userLines(user), '']);
  const watched = watchedMs(windows);
  if (watched !== undefined)
    lines.push(`Watched: ${spanText(watched)} by ${windows.map(({ source }) => printable(source)).join(', ')}`);
  if (users.length === 0)
    lines.push('No call of a user or ServiceAccount was seen, the cluster’s own parts and administrators aside.');
  lines.push(...warnings.map((warning) => `Warning: ${warning}`));
  return asText([...lines, ...notAssessedLines(notAssessed)]);
}

const titleOf = (user: string): string => `The least roles for ${printable(user)}, from what it was seen to do`;

function userLines({ user, calls, objects, held, allowed, denied, warnings }: DerivedRoles): string[] {
  const lines = [printable(user)];
  const counted = `${held.cut ? 'more than ' : ''}${held.rights} rights held, ${held.unused} of them never used`;
  const such = held.examples.length > 0 ? ` (such as ${held.examples.map(printable).join(', ')})` : '';
  lines.push(`    ${counted}${such}`);
  if (calls === 0) lines.push('    no call was seen: no role is derived');
  for (const { kind, metadata, rules } of objects)
    for (const { verbs, resources, apiGroups, resourceNames, nonResourceURLs } of rules ?? []) {
      const group = apiGroups?.[0] ? ` of ${apiGroups[0]}` : '';
      const names = resourceNames ? ` named ${resourceNames.join(', ')}` : '';
      const what = `${verbs.join(', ')} ${(nonResourceURLs ?? resources).join(', ')}${group}${names}`;
      lines.push(
        printable(`    ${kind} ${metadata.namespace ?? ''}${metadata.namespace ? '/' : ''}${metadata.name}: ${what}`),
      );
    }
  if (calls > 0) lines.push(`    tried: ${allowed} of ${calls} kinds of calls stay allowed`);
  for (const each of denied) lines.push(`    denied then: ${printable(each)}`);
  for (const warning of warnings) lines.push(`    Warning: ${warning}`);
  return lines;
}

/** One file for each user; returns their paths. */
export function writeRoles({ users }: DeriveReport, folder: string): string[] {
  const written = users.filter(({ changes }) => changes.length > 0);
  const names = distinctFileNames(written.map(({ user }) => user));
  return written.map(({ user, changes }, at) => writeChanges(folder, names[at]!, titleOf(user), changes));
}
