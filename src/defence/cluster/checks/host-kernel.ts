import { type Check, failOn, notApplicable } from '../../contract.ts';
import { exampleFacts, factsIn } from '../host-facts.ts';

/** The least value, and what an intruder in a container gains below it. */
const wanted: Record<string, [least: number, gain: string]> = {
  'kernel.randomize_va_space': [2, 'addresses of programs are known before they are attacked'],
  'kernel.unprivileged_bpf_disabled': [1, 'programs for the kernel are loaded without rights'],
  'kernel.dmesg_restrict': [1, 'the log of the kernel tells where things are'],
  'kernel.kptr_restrict': [1, 'addresses of the kernel can be read'],
  'fs.protected_hardlinks': [1, 'files of others can be linked to and taken over'],
  'fs.protected_symlinks': [1, 'programs of root can be led to other files in /tmp'],
};

export const hostKernel: Check = {
  id: 'host/kernel',
  level: 'cluster',
  severity: 'low',
  title: 'The kernel of every node hides and protects what it can',
  kinds: ['ConfigMap'],
  why: 'the kernel is the one wall between containers and the node, and these switches make it harder to climb',
  mend: 'write the values into /etc/sysctl.d and run sysctl --system on the node',
  benchmark: ['NSA network separation and hardening'],
  examples: {
    pass: [[exampleFacts({ sysctls: { 'kernel.randomize_va_space': '2', 'fs.protected_symlinks': '1' } })]],
    fail: [[exampleFacts({ sysctls: { 'kernel.randomize_va_space': '0' } })]],
  },
  judge(object, context) {
    const facts = factsIn(object, context);
    if (facts === undefined) return notApplicable;
    return failOn(
      Object.entries(wanted).flatMap(([name, [least, gain]]) => {
        const value = facts.sysctls[name];
        if (value === undefined || Number(value) >= least) return [];
        const detail = `node ${facts.node}: ${name} is ${value}, not ${least}: ${gain}`;
        return [{ field: ['data', 'facts'], reason: 'a switch of the kernel is off', detail }];
      }),
    );
  },
};
