import type { KubernetesObject } from '../../api/object.ts';
import { bindingText, type Grant } from '../../api/rbac/role-index.ts';
import { describeRule, type PolicyRule } from '../../api/rbac/rules.ts';
import { describeSubject } from '../../api/rbac/subject.ts';
import { refKey, refOf, refText } from '../object-ref.ts';
import { asWritten } from '../snapshot/roles.ts';
import type { Lever } from './graph.ts';
import { subjectId } from './memberships.ts';

/** Without one subject; the last one takes the binding with it. */
export function unbind(grant: Grant, index: number): Lever {
  const binding = asWritten(grant.binding);
  const subject = grant.subjects[index]!;
  const written = JSON.stringify(binding['subjects'][index]);
  return {
    ...{ type: 'binding', about: subjectId(subject) },
    text:
      grant.subjects.length === 1
        ? `remove ${bindingText(grant)}`
        : `take ${describeSubject(subject)} out of ${bindingText(grant)}`,
    edit: {
      target: refOf(binding),
      to(object) {
        const left = (object?.['subjects'] ?? []).filter((each: unknown) => JSON.stringify(each) !== written);
        return object === undefined || left.length === 0 ? undefined : { ...object, subjects: left };
      },
    },
  };
}

/** Roles that Kubernetes keeps as they are cannot be mended, and of aggregated ones the rule stands elsewhere. */
export function withoutRule(role: KubernetesObject, rule: PolicyRule): Lever | undefined {
  const { metadata, rules, aggregationRule } = role;
  if (aggregationRule || metadata.labels?.['kubernetes.io/bootstrapping']) return undefined;
  const index = (rules ?? []).indexOf(rule);
  const written = asWritten(role);
  return {
    ...{ type: 'rule', about: refKey(refOf(written)) },
    text: `take rules[${index}] ${describeRule(rule)} out of ${refText(refOf(written))}`,
    edit: {
      target: refOf(written),
      to: (object) => object && { ...object, rules: object['rules'].filter((each: PolicyRule) => !isSame(each, rule)) },
    },
  };
}

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
