import { kindOf } from '../api.ts';
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
