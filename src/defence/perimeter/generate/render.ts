import { Document, isSeq, type Node } from 'yaml';
import { yamlOptions } from '../../../api/yaml.ts';
import { printable } from '../../report/printable.ts';
import type { GeneratedPolicy } from './builder.ts';
import type { Generated } from './generate.ts';

/** Manifests to read and apply: what was watched at the top, over each rule why it is there, at the end what is missing. */
export function generatedYaml({ policies, notCovered, skipped, covered, warnings }: Generated, about: string): string {
  const head = [
    `NetworkPolicies from what was seen on ${about}`,
    ...covered,
    ...warnings.map((warning) => `WARNING: ${warning}`),
    'Probes from a pod’s own node need no rule. Preview before applying: rempart preview -f FILE',
  ];
  const tail = [
    ...notCovered.map(({ flow, why }) => `NOT COVERED: ${flow}: ${why}`),
    ...skipped.map(({ what, why }) => `no policy for ${what}: ${why}`),
  ];
  return [comment(head), ...policies.map(policyYaml), ...(tail.length > 0 ? [comment(tail)] : [])].join('---\n');
}

const comment = (lines: string[]) => lines.map((line) => `# ${printable(line)}\n`).join('');

function policyYaml({ policy, rules }: GeneratedPolicy): string {
  const document = new Document(policy, { ...yamlOptions, aliasDuplicateObjects: false });
  for (const direction of ['ingress', 'egress'] as const) {
    const list = document.getIn(['spec', direction]);
    if (!isSeq(list)) continue;
    for (const [index, { comments }] of rules[direction].entries())
      (list.items[index] as Node).commentBefore = comments.map((line) => ` ${printable(line)}`).join('\n');
  }
  if (rules.ingress.length === 0) document.commentBefore = ' nothing was seen to connect to it: nothing may';
  return document.toString({ lineWidth: 0 });
}
