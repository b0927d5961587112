import { badRequest } from './status.ts';
import { labelValue, qualifiedName } from './validation/names.ts';

/** metav1.LabelSelector. */
export type LabelSelector = {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
};
/** One condition on the labels of an object: `!` is DoesNotExist, `exists` Exists. */
export type Requirement = {
  key: string;
  operator: 'in' | 'notin' | '=' | '!=' | 'exists' | '!' | 'gt' | 'lt';
  values: string[];
};
export type Labels = Record<string, string> | undefined;
export type Label = readonly [key: string, value: string];

/** Does the selector match? A selector that is not given matches nothing, an empty one everything. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (!selector) return false;
  for (const key in selector.matchLabels) if (labelOf(labels, key) !== selector.matchLabels[key]) return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labelOf(labels, key);
    if (operator === 'In') return value !== undefined && values.includes(value);
    if (operator === 'NotIn') return value === undefined || !values.includes(value);
    if (operator === 'Exists') return value !== undefined;
    return operator === 'DoesNotExist' && value === undefined;
  });
}

/** One of the labels that a selector wants; undefined when it may do without any. */
export function wantedLabel({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): Label | undefined {
  const one = matchExpressions.find(({ operator, values }) => operator === 'In' && values?.length === 1);
  return Object.entries(matchLabels)[0] ?? (one && [one.key, one.values![0]!]);
}

/** Are all of these labels there? What `spec.selector` of a Service and `nodeSelector` mean; empty matches all. */
export function matchesLabels(wanted: Record<string, string> | undefined, labels: Labels): boolean {
  for (const key in wanted) if (labelOf(labels, key) !== wanted[key]) return false;
  return true;
}

const labelOf = (labels: Labels, key: string): string | undefined =>
  labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;

/** Parsed once, matched often. */
export function matchesRequirements(requirements: Requirement[], labels: Labels): boolean {
  return requirements.every(({ key, operator, values }) => {
    const value = labelOf(labels, key);
    switch (operator) {
      case 'exists':
        return value !== undefined;
      case '!':
        return value === undefined;
      case '=':
      case 'in':
        return value !== undefined && values.includes(value);
      case '!=':
      case 'notin':
        return value === undefined || !values.includes(value);
      default:
        return compares(operator, value, values[0]);
    }
  });
}

const integer = /^-?\d{1,18}$/;

/** Integers only, as upstream: with what is none on either side, nothing matches. */
export function compares(operator: 'gt' | 'lt', value = '', limit = ''): boolean {
  if (!integer.test(value) || !integer.test(limit)) return false;
  return operator === 'gt' ? BigInt(value) > BigInt(limit) : BigInt(value) < BigInt(limit);
}

/** Bounds of what a request may ask to be matched against every object, and a watch against every change. */
const selectorLengthMax = 16 * 1024;
export const termsMax = 100;

/**
 * `a=b,c in (x,y),!d,e>5`: the string form of list options. Grammar and messages after
 * k8s.io/apimachinery/pkg/labels/selector.go. Throws BadRequest.
 */
export function parseLabelSelector(text: string): Requirement[] {
  if (text.length > selectorLengthMax) throw badRequest(`a label selector may have ${selectorLengthMax} characters`);
  const tokens = text.match(/!=|==|[=!<>(),]|[^\s=!<>(),]+/g) ?? [];
  const requirements: Requirement[] = [];
  let at = 0;
  while (at < tokens.length) {
    const parsed = parseRequirement(tokens, at);
    requirements.push(checked(parsed.requirement));
    if (requirements.length > termsMax) throw badRequest(`a label selector may have ${termsMax} requirements`);
    at = parsed.next;
    if (at === tokens.length) break;
    if (tokens[at] !== ',') throw unparsable(tokens[at], "',' or 'end of string'");
    at++;
    if (at === tokens.length) throw unparsable('', "identifier after ','");
  }
  return requirements;
}

const symbols = new Set(['!=', '==', '=', '!', '<', '>', '(', ')', ',']);
const operators: Record<string, Requirement['operator']> = {
  '=': '=',
  '==': '=',
  '!=': '!=',
  in: 'in',
  notin: 'notin',
  '>': 'gt',
  '<': 'lt',
};

function parseRequirement(tokens: string[], start: number): { requirement: Requirement; next: number } {
  let at = start;
  const isNegated = tokens[at] === '!';
  if (isNegated) at++;
  const key = tokens[at++];
  if (key === undefined || symbols.has(key)) throw unparsable(key, 'identifier');
  const word = tokens[at];
  if (isNegated || word === undefined || word === ',') {
    if (isNegated && word !== undefined && word !== ',') throw unparsable(word, "',' or 'end of string'");
    return { requirement: { key, operator: isNegated ? '!' : 'exists', values: [] }, next: at };
  }
  const operator = Object.hasOwn(operators, word) ? operators[word] : undefined;
  if (operator === undefined) throw unparsable(word, 'in, notin, =, ==, !=, gt, lt');
  at++;
  if (operator === 'in' || operator === 'notin') {
    const list = parseValues(tokens, at);
    return { requirement: { key, operator, values: list.values }, next: list.next };
  }
  const value = tokens[at];
  if (value === undefined || value === ',') return { requirement: { key, operator, values: [''] }, next: at };
  if (symbols.has(value)) throw unparsable(value, 'identifier');
  return { requirement: { key, operator, values: [value] }, next: at + 1 };
}

function parseValues(tokens: string[], start: number): { values: string[]; next: number } {
  if (tokens[start] !== '(') throw unparsable(tokens[start], "'('");
  const values: string[] = [];
  let at = start + 1;
  let isExpected = true;
  for (; at < tokens.length && tokens[at] !== ')'; at++) {
    const token = tokens[at]!;
    if (token === ',') {
      // Two commas hold an empty value between them.
      if (isExpected) values.push('');
      isExpected = true;
    } else if (symbols.has(token) || !isExpected) throw unparsable(token, "',' or ')'");
    else {
      values.push(token);
      isExpected = false;
    }
  }
  if (tokens[at] !== ')') throw unparsable('', "',' or ')'");
  if (isExpected) values.push('');
  return { values, next: at + 1 };
}

function checked(requirement: Requirement): Requirement {
  const { key, operator, values } = requirement;
  const wrongKey = qualifiedName(key);
  if (wrongKey)
    throw badRequest(`unable to parse requirement: key: Invalid value: ${JSON.stringify(key)}: ${wrongKey}`);
  for (const value of values) {
    const wrong = labelValue(value);
    if (wrong) throw badRequest(`unable to parse requirement: values[0][${key}]: Invalid value: "${value}": ${wrong}`);
    if ((operator === 'gt' || operator === 'lt') && !integer.test(value))
      throw badRequest(
        `unable to parse requirement: values[0]: Invalid value: "${value}": ` +
          `for 'Gt', 'Lt' operators, the value must be an integer`,
      );
  }
  return requirement;
}

const unparsable = (found: string | undefined, expected: string) =>
  badRequest(`unable to parse requirement: found '${found ?? ''}', expected: ${expected}`);

/** A selector as kubectl shows it and scale statuses hold it: `a=b,c in (x,y),!d`; `<none>` when it selects all. */
export function showSelector(selector: LabelSelector | undefined): string {
  return formatSelector(selector) || '<none>';
}

/** As `showSelector`, empty when it selects all: the form of the scale subresource. */
export function formatSelector(selector: LabelSelector | undefined): string {
  const parts: [string, string][] = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => [
    key,
    `${key}=${value}`,
  ]);
  for (const { key, operator, values = [] } of selector?.matchExpressions ?? []) {
    const list = `(${[...values].sort().join(',')})`;
    const shown: Record<string, string> = {
      In: `${key} in ${list}`,
      NotIn: `${key} notin ${list}`,
      Exists: key,
      DoesNotExist: `!${key}`,
    };
    parts.push([key, shown[operator] ?? key]);
  }
  return parts
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, text]) => text)
    .join(',');
}

type FieldRequirement = { field: string; operator: '=' | '!='; value: string };

/** `a=b,c!=d` with `\,` `\=` and `\\` escaped. Throws BadRequest. */
export function parseFieldSelector(text: string): FieldRequirement[] {
  const terms = splitTerms(text);
  if (terms.length > termsMax) throw badRequest(`a field selector may have ${termsMax} requirements`);
  return terms.map((term) => {
    const match = /^((?:[^\\=!]|\\.)*?)(!=|==|=)((?:[^\\]|\\.)*)$/.exec(term);
    if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const operator = match[2] === '!=' ? '!=' : '=';
    return { field: unescaped(match[1]!), operator, value: unescaped(match[3]!) };
  });
}

function splitTerms(text: string): string[] {
  const terms = text.match(/(?:[^\\,]|\\.)+/g) ?? [];
  return terms.map((term) => term.trim()).filter((term) => term !== '');
}

const unescaped = (text: string) => text.replace(/\\([\\,=])/g, '$1');
