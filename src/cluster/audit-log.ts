import { existsSync } from 'node:fs';
import { UsageError } from '../foundation/usage-error.ts';
import { type AuditVerdict, verifyAudit } from '../server/server.ts';
import { layout, readConfiguration } from './configuration.ts';
import { modeOf } from './protections/protections.ts';

/** Checks that the audit log of a cluster is whole. Throws UsageError when there is none to read. */
export async function verifyAuditLog(dataDirectory: string): Promise<AuditVerdict & { directory: string }> {
  const configuration = readConfiguration(dataDirectory);
  if (configuration === undefined)
    throw new UsageError(`There is no cluster in ${dataDirectory}. Start one with: rempart up`);
  const { audit: directory } = layout(configuration);
  if (!existsSync(directory)) throw new UsageError(`There is no audit log in ${directory}.`);
  const { lines, problems } = await verifyAudit(directory);
  // A server that has a store has answered requests, and recorded them.
  const isGone = lines === 0 && problems.length === 0 && existsSync(layout(configuration).store);
  if (isGone && modeOf('audit', configuration.relaxed) !== 'off')
    problems.push({ file: 'audit.log', line: 0, what: 'and audit.head are missing: the whole log was removed' });
  return { lines, problems, directory };
}
