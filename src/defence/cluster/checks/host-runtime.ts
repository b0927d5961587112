import type { HostFile } from '../../../api/host-facts.ts';
import { type Check, failOn, notApplicable } from '../../contract.ts';
import { exampleFacts, factsIn } from '../host-facts.ts';

const socket = (mode: number, group = 'root'): HostFile => ({
  ...{ role: 'runtime-socket', path: '/run/rempart/containerd.sock', mode, owner: 'root', group },
});

export const hostRuntime: Check = {
  id: 'host/runtime',
  level: 'cluster',
  severity: 'critical',
  title: 'Only root reaches the container runtime of a node',
  kinds: ['ConfigMap'],
  why: 'whoever writes to the socket of containerd, or its configuration, runs what he likes as root',
  mend: 'chown it to root:root and chmod it to 660, or less',
  benchmark: ['NSA pod security'],
  examples: {
    pass: [[exampleFacts({ files: [socket(0o660)] })], [exampleFacts({ files: [socket(0o600, 'docker')] })]],
    fail: [[exampleFacts({ files: [socket(0o666)] })], [exampleFacts({ files: [socket(0o660, 'docker')] })]],
  },
  judge(object, context) {
    const facts = factsIn(object, context);
    const files = facts?.files.filter(({ role }) => role === 'runtime-socket' || role === 'runtime-configuration');
    if (facts === undefined || files === undefined || files.length === 0) return notApplicable;
    return failOn(
      files.flatMap((file) => {
        const who = writerOf(file);
        const { path, mode, owner, group } = file;
        const detail = `node ${facts.node}: ${who} may write to ${path} (${mode.toString(8)} ${owner}:${group})`;
        return who === undefined ? [] : [{ field: ['data', 'facts'], reason: 'the runtime is open', detail }];
      }),
    );
  },
};

/** Who besides root may write. */
function writerOf({ mode, owner, group }: HostFile): string | undefined {
  if ((mode & 0o002) !== 0) return 'everybody';
  if ((mode & 0o020) !== 0 && group !== 'root') return `group ${group}`;
  return owner === 'root' ? undefined : owner;
}
