import { defineKind } from '../define.ts';
import type { FlowSchema, PolicyRulesWithSubjects } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { ageColumn, conditionOf, nameColumn, none } from '../table.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, forbiddenValue, invalidValue, notSupported, required } from '../validation/errors.ts';
import { dnsLabel, dnsSubdomain } from '../validation/names.ts';
import { checkName, checkOptionalEnum, checkRange } from '../validation/values.ts';

function missingLevel(object: FlowSchema): string {
  const status = conditionOf(object, 'Dangling')?.status;
  return status === undefined ? '?' : status;
}

const distinguishers = enumOf(['ByNamespace', 'ByUser'], 'flowcontrol.v1.FlowDistinguisherMethod.type');

export const flowSchema = defineKind<FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  kind: 'FlowSchema',
  resource: 'flowschemas',
  namespaced: false,
  status: true,
  wholeTable: true,
  columns: [
    nameColumn,
    { name: 'PriorityLevel', type: 'string', value: ({ spec }) => spec?.priorityLevelConfiguration?.name },
    { name: 'MatchingPrecedence', type: 'string', value: ({ spec }) => spec?.matchingPrecedence ?? 0 },
    { name: 'DistinguisherMethod', type: 'string', value: ({ spec }) => spec?.distinguisherMethod?.type ?? none },
    ageColumn,
    { name: 'MissingPL', type: 'string', value: missingLevel },
  ],
  validate: validateFlowSchema,
  defaults({ spec }) {
    if (spec) spec.matchingPrecedence ||= 1000;
  },
});

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const subjects = { User: 'user', Group: 'group', ServiceAccount: 'serviceAccount' } as const;
const subjectKinds = enumOf(Object.keys(subjects), 'flowcontrol.v1.Subject.kind');

/** Source: kubernetes/kubernetes pkg/apis/flowcontrol/validation/validation.go, ValidateFlowSchema. */
function validateFlowSchema({ metadata, spec }: FlowSchema): FieldError[] {
  const errors = new ErrorList();
  const precedence = spec?.matchingPrecedence;
  checkRange(precedence, 1, 10_000, 'spec.matchingPrecedence', errors);
  if (precedence === 1 && metadata.name !== 'exempt')
    errors.push(
      invalidValue(
        'spec.matchingPrecedence',
        precedence,
        "only the schema named 'exempt' may have matchingPrecedence 1",
      ),
    );
  checkOptionalEnum(spec?.distinguisherMethod?.type, distinguishers, 'spec.distinguisherMethod.type', errors);
  checkName(spec?.priorityLevelConfiguration?.name, dnsSubdomain, 'spec.priorityLevelConfiguration.name', errors);
  spec?.rules?.forEach((rule, index) => {
    validateRule(rule, `spec.rules[${index}]`, errors);
  });
  return errors;
}

type Rule = PolicyRulesWithSubjects;
type Subject = NonNullable<Rule['subjects']>[number];

function validateRule(rule: Rule, at: string, errors: FieldError[]): void {
  const { subjects: who = [], resourceRules = [], nonResourceRules = [] } = rule;
  if (who.length === 0) errors.push(required(`${at}.subjects`, 'subjects must contain at least one value'));
  who.forEach((subject, index) => {
    validateSubject(subject, `${at}.subjects[${index}]`, errors);
  });
  if (resourceRules.length === 0 && nonResourceRules.length === 0)
    errors.push(required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  resourceRules.forEach((resources, index) => {
    const field = `${at}.resourceRules[${index}]`;
    validateVerbs(resources.verbs, field, errors);
    checkWildcard(resources.apiGroups, `${field}.apiGroups`, 'api groups', errors);
    checkWildcard(resources.resources, `${field}.resources`, 'resources', errors);
    if (!resources.clusterScope || resources.namespaces?.length)
      checkWildcard(resources.namespaces, `${field}.namespaces`, 'namespaces', errors);
    resources.namespaces?.forEach((name, position) => {
      const wrong = name === '*' ? undefined : dnsLabel(name);
      const rules = "each member of this list must be '*' or a DNS-1123 label";
      if (wrong) errors.push(invalidValue(`${field}.namespaces[${position}]`, name, `${rules}; ${wrong}`));
    });
  });
  nonResourceRules.forEach((paths, index) => {
    const field = `${at}.nonResourceRules[${index}]`;
    validateVerbs(paths.verbs, field, errors);
    checkWildcard(paths.nonResourceURLs, `${field}.nonResourceURLs`, 'non-resource URLs', errors);
    paths.nonResourceURLs?.forEach((path, position) => {
      validatePath(path, `${field}.nonResourceURLs[${position}]`, errors);
    });
  });
}

/** A subject says who by the field of its kind, and by no other. */
function validateSubject(subject: Subject, at: string, errors: FieldError[]): void {
  if (!Object.hasOwn(subjects, subject.kind ?? '')) {
    errors.push(notSupported(`${at}.kind`, subject.kind ?? '', subjectKinds));
    return;
  }
  for (const [kind, field] of Object.entries(subjects)) {
    if (kind !== subject.kind && subject[field])
      errors.push(forbiddenValue(`${at}.${field}`, `${field} is forbidden when subject kind is not '${kind}'`));
    if (kind === subject.kind && !subject[field])
      errors.push(required(`${at}.${field}`, `${field} is required when subject kind is '${kind}'`));
  }
  const named = subject[subjects[subject.kind as keyof typeof subjects]];
  if (!named) return;
  const checkAccount = (name: string) => (name === '*' ? undefined : dnsSubdomain(name));
  const check = subject.kind === 'ServiceAccount' ? checkAccount : () => undefined;
  checkName(named.name, check, `${at}.${subjects[subject.kind as keyof typeof subjects]}.name`, errors);
  if (subject.kind === 'ServiceAccount')
    checkName(subject.serviceAccount?.namespace, dnsLabel, `${at}.serviceAccount.namespace`, errors);
}

function validateVerbs(given: string[] | undefined, at: string, errors: FieldError[]): void {
  checkWildcard(given, `${at}.verbs`, 'verbs', errors);
  const unknown = given?.some((verb) => verb !== '*' && !verbs.includes(verb));
  if (unknown && !given?.includes('*')) errors.push(notSupported(`${at}.verbs`, given, verbs));
}

/** At least one; and `*` leaves nothing else to say. */
function checkWildcard(values: string[] | undefined, field: string, what: string, errors: FieldError[]): void {
  if (!values?.length) errors.push(required(field, 'must contain at least one value'));
  else if (values.length > 1 && values.includes('*'))
    errors.push(invalidValue(field, values, `if '*' is present, must not specify other ${what}`));
}

function validatePath(path: string, field: string, errors: FieldError[]): void {
  if (path === '*' || path === '/') return;
  if (!path.startsWith('/')) errors.push(invalidValue(field, path, 'must start with slash'));
  else if (path.includes(' ')) errors.push(invalidValue(field, path, 'must not contain white-space'));
  else if (path.includes('//')) errors.push(invalidValue(field, path, 'must not contain double slash'));
  else if (path.slice(0, -1).includes('*') || (path.endsWith('*') && !path.endsWith('/*')))
    errors.push(invalidValue(field, path, 'wildcard can only do suffix matching'));
}
