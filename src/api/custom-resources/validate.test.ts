import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../api.ts';
import { create, texts } from '../testing/refusals.ts';

const of = 'apiextensions.k8s.io/v1 CustomResourceDefinition';
const kind = kindOf('apiextensions.k8s.io/v1', 'CustomResourceDefinition')!;
const at = 'spec.versions[0]';
const schemaAt = `${at}.schema.openAPIV3Schema`;
const text = { type: 'string' };

/** A change of a definition and the fields that are refused for it, as kube-apiserver 1.36 refuses them. */
const cases: [what: string, change: (version: any, spec: any) => void, ...refused: string[]][] = [
  ['nothing', () => {}],
  ['odd short names', (_, { names }) => (names.shortNames = ['ok', 'Not ok']), 'spec.names.shortNames[1]'],
  ['a list named like the kind', (_, { names }) => (names.listKind = names.kind), 'spec.names.listKind'],
  ['everything unknown kept', (_, spec) => (spec.preserveUnknownFields = true), 'spec.preserveUnknownFields'],
  ['an unknown conversion', (_, spec) => (spec.conversion = { strategy: 'Magic' }), 'spec.conversion.strategy'],
  [
    'a conversion that nobody does',
    (_, spec) => (spec.conversion = { strategy: 'Webhook' }),
    'spec.conversion.webhook.clientConfig',
    'spec.conversion.webhook.conversionReviewVersions',
  ],
  ['a warning of nothing', (version) => (version.deprecationWarning = 'old'), `${at}.deprecationWarning`],
  [
    'a column of no type',
    (version) => (version.additionalPrinterColumns = [{ name: 'a', type: 'text', jsonPath: 'spec.a' }]),
    `${at}.additionalPrinterColumns[0].jsonPath`,
    `${at}.additionalPrinterColumns[0].type`,
  ],
  [
    'a scale that writes to status',
    (version) => (version.subresources = { scale: { specReplicasPath: '.status.a', statusReplicasPath: '.status.b' } }),
    `${at}.subresources.scale.specReplicasPath`,
  ],
  ['a root of no type', ({ schema }) => (schema.openAPIV3Schema = {}), `${schemaAt}.type`],
  [
    'a field of no type',
    ({ schema }) => (schema.openAPIV3Schema.properties = { spec: {} }),
    `${schemaAt}.properties[spec].type`,
  ],
  [
    'a number or a text',
    ({ schema }) => {
      const either = { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true };
      schema.openAPIV3Schema.properties = { spec: { type: 'object', properties: { port: either } } };
    },
  ],
  [
    'a list of nothing',
    ({ schema }) => (schema.openAPIV3Schema.properties = { spec: { type: 'array' } }),
    `${schemaAt}.properties[spec].items`,
  ],
  [
    'a list that merges by what its items may lack',
    ({ schema }) => {
      const items = { type: 'object', properties: { name: text } };
      const list = { type: 'array', items, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };
      schema.openAPIV3Schema.properties = { spec: list };
    },
    `${schemaAt}.properties[spec].items.properties[name].default`,
  ],
  [
    'a list that merges by what every object of JavaScript has',
    ({ schema }) => {
      const items = { type: 'object', properties: { name: text }, required: ['constructor'] };
      const list = { ...{ type: 'array', items }, 'x-kubernetes-list-type': 'map' };
      const anyOf = [{ properties: { toString: { minLength: 1 } } }];
      const spec = { ...list, 'x-kubernetes-list-map-keys': ['constructor'] };
      schema.openAPIV3Schema.properties = { spec, other: { type: 'object', properties: {}, anyOf } };
    },
    `${schemaAt}.properties[spec].x-kubernetes-list-map-keys[0]`,
    `${schemaAt}.properties[other].anyOf[0].properties[toString]`,
  ],
  [
    'fields and any fields',
    ({ schema }) => {
      const spec = { type: 'object', properties: { a: text }, additionalProperties: text };
      schema.openAPIV3Schema.properties = { spec };
    },
    `${schemaAt}.properties[spec].additionalProperties`,
  ],
  [
    'an alternative that says something new',
    ({ schema }) => {
      const anyOf = [{ required: ['a'] }, { properties: { b: { minLength: 1 } } }, { type: 'object' }];
      schema.openAPIV3Schema.properties = { spec: { type: 'object', properties: { a: text }, anyOf } };
    },
    `${schemaAt}.properties[spec].anyOf[1].properties[b]`,
    `${schemaAt}.properties[spec].anyOf[2].type`,
  ],
  [
    'its own metadata',
    ({ schema }) => {
      const metadata = { type: 'object', properties: { labels: { type: 'object' } } };
      schema.openAPIV3Schema.properties = { metadata };
    },
    `${schemaAt}.properties[metadata]`,
  ],
  [
    'a judgement of the whole beside a status',
    (version) => {
      version.subresources = { status: {} };
      version.schema.openAPIV3Schema.maxProperties = 3;
    },
    schemaAt,
  ],
  [
    'fields that are selected and are not there',
    (version) => (version.selectableFields = [{ jsonPath: '.spec.none' }]),
    `${at}.selectableFields[0].jsonPath`,
  ],
  [
    'a field that is selected twice, and one that is no scalar',
    (version) => {
      version.schema.openAPIV3Schema.properties = { spec: { type: 'object', properties: { a: text } } };
      version.selectableFields = ['.spec.a', '.spec.a', '.spec'].map((jsonPath) => ({ jsonPath }));
    },
    `${at}.selectableFields[1].jsonPath`,
    `${at}.selectableFields[2].jsonPath`,
  ],
];

for (const [what, change, ...refused] of cases)
  test(`a definition with ${what} is ${refused.length > 0 ? 'refused' : 'accepted'}`, () => {
    const object = create(of, ({ spec }) => change(spec.versions[0], spec));
    const fields = kind.validate(object).map(({ field }) => field);
    assert.deepEqual(fields.sort(), [...refused].sort(), texts(kind.validate(object)).join('\n'));
  });

test('a version that was stored is remembered, and cannot be taken away', () => {
  const old = create(of);
  assert.deepEqual(old.status.storedVersions, ['v1']);
  const object = structuredClone(old);
  const [version] = object.spec.versions;
  object.spec.versions = [
    { ...version, storage: false },
    { ...version, name: 'v2', storage: true },
  ];
  kind.prepareUpdate(object, old);
  assert.deepEqual(old.status.storedVersions, ['v1']);
  assert.deepEqual(object.status.storedVersions, ['v1', 'v2']);
  assert.deepEqual(kind.validate(object, old), []);
  object.spec.versions = object.spec.versions.slice(1);
  assert.match(texts(kind.validate(object, old)).join(), /status\.storedVersions\[0\].*missing from spec\.versions/);
});

test('a schema of many parts is judged in the time of reading it', () => {
  const object = create(of, ({ spec }) => {
    const many = (make: (index: number) => object) =>
      Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`f${index}`, make(index)]));
    const anyOf = [{ properties: many(() => ({ minLength: 1 })) }];
    spec.versions[0].schema.openAPIV3Schema.properties = {
      spec: { type: 'object', properties: many(() => text), anyOf },
    };
  });
  assert.deepEqual(kind.validate(object), []);
});
