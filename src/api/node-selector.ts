import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from './schema/types.d.ts';
import { type Labels, matchesRequirements, type Requirement } from './selectors.ts';

/** All requirements of it must hold, on the labels of a node and on its name; any of several terms is enough. */
export type NodeTerm = { labels: Requirement[]; fields: Requirement[] };

const operators: Record<string, Requirement['operator']> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
};

const parseRequirement = ({ key, operator, values = [] }: NodeSelectorRequirement): Requirement => ({
  key,
  operator: operators[operator] ?? 'in',
  values,
});

/** core/v1 NodeSelectorTerm, parsed once to be matched against many nodes. */
export function parseNodeTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): NodeTerm {
  return { labels: matchExpressions.map(parseRequirement), fields: matchFields.map(parseRequirement) };
}

/** A term without any requirement matches no node. */
export const nodeTermMatches = ({ labels, fields }: NodeTerm, node: { name: string; labels: Labels }): boolean =>
  labels.length + fields.length > 0 &&
  matchesRequirements(labels, node.labels) &&
  matchesRequirements(fields, { 'metadata.name': node.name });

/** core/v1 NodeSelector: one of its terms must match. */
export const nodeSelectorMatches = (
  { nodeSelectorTerms }: NodeSelector,
  { metadata }: { metadata: { name: string; labels?: Record<string, string> } },
): boolean =>
  nodeSelectorTerms.some((term) =>
    nodeTermMatches(parseNodeTerm(term), { name: metadata.name, labels: metadata.labels }),
  );
