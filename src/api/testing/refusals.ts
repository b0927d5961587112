import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../api.ts';
import { decodeFields } from '../schema/decode.ts';
import { example } from './examples.ts';

/** The server's steps of a create, on the example of a kind (`apps/v1 Deployment`) that `change` has spoilt. */
export function create(of: string, change: (object: any) => void = () => {}): any {
  const [apiVersion, name] = of.split(' ') as [string, string];
  const kind = kindOf(apiVersion, name)!;
  const object: any = example(apiVersion, name, kind.namespaced);
  object.metadata.uid = 'd9607e19-f88f-11e6-a518-42010a800195';
  change(object);
  kind.defaults(object);
  kind.prepareCreate(object);
  return object;
}

/** `spec.replicas: Invalid value: -1: …`, one for each. */
export const texts = (errors: { field: string; message: string }[]) =>
  errors.map(({ field, message }) => `${field}: ${message}`);

/** One field of an example set to a value, and the fields that are refused for it: as kube-apiserver 1.36 answers. */
export type FieldCase = [kind: string, path: string, value: unknown, ...refused: string[]];

export function testFields(cases: FieldCase[]): void {
  for (const [of, path, value, ...refused] of cases)
    test(`${of}: ${path} ${JSON.stringify(value)} is ${refused.length > 0 ? 'refused' : 'accepted'}`, () => {
      const kind = kindOf(...(of.split(' ') as [string, string]))!;
      const object = create(of, (object) => {
        const keys = path.split('.');
        const last = keys.pop()!;
        const holder = keys.reduce((inner, key) => (inner[key] ??= {}), object);
        holder[last] = structuredClone(value);
        assert.equal(decodeFields(kind.schema, object).mismatch, undefined);
      });
      const found = kind.validate(object).map(({ field }) => field);
      assert.deepEqual(found.sort(), [...refused].sort());
    });
}
