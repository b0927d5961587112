import { columns } from '../../foundation/columns.ts';
import { type Difference, type ExplainedSide, portsText, type RuleRef } from '../../policy/policy.ts';
import type { FieldPath } from '../field.ts';
import { formatField } from '../field.ts';
import { kindName } from '../object-ref.ts';
import { printable } from '../report/printable.ts';
import { networkPolicyKind } from '../snapshot/kinds.ts';
import type { Source } from '../source.ts';
import type { Answer, ReachReport } from './answer.ts';
import type { EverythingReport } from './everything.ts';

type Loaded = Source['loaded'];

/** For people: the verdict, then for each direction what decides it, by object, field and line. */
export function renderReach(report: ReachReport, loaded: Loaded): string {
  const lines = report.answers.flatMap((answer) => answerLines(answer, loaded));
  if (report.verdict === 'mixed') lines.push(`${report.answers.length} answers, and they differ`);
  return `${lines.map(printable).join('\n')}\n`;
}

function answerLines({ verdict, from, to, protocol, port, explanation, why }: Answer, loaded: Loaded): string[] {
  const title = `${verdict}: ${from} → ${to}${port === undefined ? '' : ` on ${protocol} ${port}`}`;
  const lines = [title];
  if (why !== undefined) lines.push(`  ${why}`);
  if (explanation === undefined) return lines;
  return [
    ...lines,
    ...sideLines(`out of ${from}`, explanation.egress, loaded),
    ...sideLines(`into ${to}`, explanation.ingress, loaded),
  ];
}

const reasons: Partial<Record<ExplainedSide['why'], [string, string]>> = {
  off: ['no policy isolates it, and nothing else does', ''],
  island: [
    'its namespace is an island, and this is within it',
    'its namespace is an island: only itself, DNS, the API and exposed ports',
  ],
  deny: ['', 'its namespace denies all that no policy allows'],
  self: ['a pod always reaches itself', ''],
  'own node': ['a node always reaches its own pods', ''],
  'node guard': ['', 'a pod reaches its own node only where the node offers something to pods'],
  'not selectable': ['policies select pods only, and none on the network of their node', ''],
};

function sideLines(what: string, side: ExplainedSide, loaded: Loaded): string[] {
  const said = side.allowed ? 'allowed' : 'denied';
  const lines: string[] = [];
  if (side.why !== 'policy') lines.push(`  ${what}: ${said}: ${reasons[side.why]![side.allowed ? 0 : 1]}`);
  else if (side.allowed) lines.push(...side.rules.map((rule) => `  ${what}: allowed by ${ruleText(rule, loaded)}`));
  else {
    lines.push(`  ${what}: denied: isolated by ${side.by.join(', ')}, and no rule allows it`);
    if (side.nearest) {
      lines.push(`    nearest: ${ruleText(side.nearest, loaded)}`);
      lines.push(...side.nearest.differs.map((difference) => `      ${differenceText(difference)}`));
    }
  }
  return [...lines, ...side.doubts.map((doubt) => `    not known: ${doubt}`)];
}

const differenceText = ({ what, wanted, found }: Difference): string =>
  `${what}: it allows ${wanted}, this is ${found}`;

const ruleField = ({ direction, rule, peer }: RuleRef): FieldPath => {
  const list = direction === 'ingress' ? 'from' : 'to';
  return ['spec', direction, rule, ...(peer === undefined ? [] : [list, peer])];
};

/** `NetworkPolicy shop/db spec.ingress[0].from[1] (policies.yaml:23)`. */
function ruleText(ref: RuleRef, loaded: Loaded): string {
  const field = ruleField(ref);
  const found = loaded?.objects.find(
    ({ object }) =>
      kindName(object) === networkPolicyKind &&
      `${object.metadata.namespace || 'default'}/${object.metadata.name}` === ref.policy,
  );
  const place = found ? ` (${found.origin.file}:${found.origin.lineOf(field)})` : '';
  return `NetworkPolicy ${ref.policy} ${formatField(field)}${place}`;
}

/** A table: who, and on which ports. */
export function renderEverything({ direction, classes, blind }: EverythingReport): string {
  const lines = classes.flatMap(({ about, rows }) => [
    direction === 'from' ? `${about} reaches` : `${about} is reached by`,
    ...columns(rows.map(({ party, pods, ports }) => [`  ${label(party, pods)}`, portsText(ports)])),
    ...(rows.length === 0 ? ['  nothing'] : []),
  ]);
  if (blind !== undefined) lines.unshift(`not known: ${blind}; what follows may be wrong`);
  lines.push('Besides, every pod reaches itself and every node its own pods.');
  return `${lines.map(printable).join('\n')}\n`;
}

const label = (party: string, pods: number) => (pods > 1 ? `${party} (${pods} pods)` : party);
