import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { definition, definitionNameOf, definitionNames, hasDefinition } from './definitions.ts';
import type { Schema } from './schema.ts';

const oraclePath = join(import.meta.dirname, '../../../../shared/data/kubernetes-1.36-definitions.json');
const missing = existsSync(oraclePath) ? false : `${oraclePath} is not on this machine`;

test('a definition is made once and shared by all that use it, also in circles', () => {
  const pod = definition('io.k8s.api.core.v1.Pod');
  const template = definition('io.k8s.api.core.v1.PodTemplateSpec');
  assert.equal(pod.properties!['spec'], template.properties!['spec']);
  const schema = definition('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps');
  const inner = schema.properties!['properties']!.additionalProperties as Schema;
  assert.equal(inner, schema);
});

test('lists carry how they merge', () => {
  const { properties = {} } = definition('io.k8s.api.core.v1.Container');
  assert.deepEqual(properties['ports']!['x-kubernetes-list-map-keys'], ['containerPort', 'protocol']);
  assert.equal(properties['ports']!['x-kubernetes-patch-merge-key'], 'containerPort');
  const volumes = definition('io.k8s.api.core.v1.PodSpec').properties!['volumes']!;
  assert.equal(volumes['x-kubernetes-patch-strategy'], 'merge,retainKeys');
  assert.equal(definitionNameOf('apps', 'v1', 'Deployment'), 'io.k8s.api.apps.v1.Deployment');
});

test('names that every object of JavaScript has are no fields', () => {
  const { properties } = definition('io.k8s.api.core.v1.Pod');
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
    assert.equal(properties![name], undefined, name);
});

const compared = [
  'type',
  'format',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-patch-strategy',
  'x-kubernetes-patch-merge-key',
] as const;

type Oracle = Record<string, any>;

/** The facts of one field in upstream's form, where a field of a definition's type is a reference. */
function describe(source: Schema | Oracle): Oracle {
  const schema = source as Oracle;
  const facts: Oracle = {};
  const reference = 'definition' in schema ? schema['definition'] : schema['$ref']?.split('/').at(-1);
  for (const key of compared)
    if (schema[key] !== undefined && !(reference && (key === 'type' || key === 'format'))) facts[key] = schema[key];
  if (reference) {
    facts['reference'] = reference;
    // A definition says of itself that it is atomic; a field that uses it says it only when that differs.
    const own = hasDefinition(reference) ? definition(reference)['x-kubernetes-map-type'] : undefined;
    if (facts['x-kubernetes-map-type'] === own) delete facts['x-kubernetes-map-type'];
  } else if (schema['items']) facts['items'] = describe(schema['items']);
  else if (typeof schema['additionalProperties'] === 'object')
    facts['values'] = describe(schema['additionalProperties']);
  return facts;
}

test('structure, types, required fields, merge and list keys are those of Kubernetes 1.36', { skip: missing }, (t) => {
  const oracle: Oracle = JSON.parse(readFileSync(oraclePath, 'utf8'));
  const stable = Object.keys(oracle).filter((name) => !/\.v\d+(alpha|beta)\d+\./.test(name));
  const differences: string[] = [];
  let fields = 0;
  for (const name of stable) {
    if (!hasDefinition(name)) {
      differences.push(`${name} is missing`);
      continue;
    }
    const [ours, theirs] = [definition(name), oracle[name]];
    const note = (what: string, a: unknown, b: unknown) => {
      if (JSON.stringify(a) !== JSON.stringify(b))
        differences.push(`${name}${what}: ${JSON.stringify(a)}, upstream ${JSON.stringify(b)}`);
    };
    note(' type', ours.type, theirs.type);
    note(' map type', ours['x-kubernetes-map-type'], theirs['x-kubernetes-map-type']);
    note(' required', [...(ours.required ?? [])].sort(), [...(theirs.required ?? [])].sort());
    const names = new Set([...Object.keys(ours.properties ?? {}), ...Object.keys(theirs.properties ?? {})]);
    for (const field of names) {
      fields++;
      const [own, other] = [ours.properties?.[field], theirs.properties?.[field]];
      note(`.${field}`, own && sorted(describe(own)), other && sorted(describe(other)));
    }
  }
  const extra = definitionNames().filter((name) => !(name in oracle));
  t.diagnostic(`${stable.length} stable definitions and ${fields} fields compared, ${differences.length} differ`);
  t.diagnostic(`${Object.keys(oracle).length - stable.length} alpha and beta definitions are not served`);
  t.diagnostic(`only ours (request and answer types): ${extra.map((name) => name.split('.').at(-1)).join(', ')}`);
  assert.deepEqual(differences, []);
});

const sorted = (facts: Oracle): Oracle =>
  Object.fromEntries(Object.entries(facts).sort(([a], [b]) => (a < b ? -1 : 1)));
