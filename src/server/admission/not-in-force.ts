import { resourceName } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { AdmissionPlugin } from '../contracts.ts';

const webhooks = 'is stored, but this server calls no webhooks: it refuses and changes nothing. Use admission policies';

/** By resource: what an object of it promises and this server does not keep; undefined when there is no such promise. */
const promises: Record<string, (object: KubernetesObject) => string | undefined> = {
  'validatingwebhookconfigurations.admissionregistration.k8s.io': () => webhooks,
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': () => webhooks,
  'customresourcedefinitions.apiextensions.k8s.io': () => 'is stored, but this server serves no custom resources',
  'apiservices.apiregistration.k8s.io': ({ spec }) =>
    spec?.service ? 'is stored, but this server asks no other API servers' : undefined,
};

/** A protection that is believed to be in force and is not is worse than none: who writes one is told. */
export const notInForce: AdmissionPlugin = {
  name: 'NotInForce',
  validate({ operation, kind, subresource, object, warn }) {
    if (operation !== 'CREATE' && operation !== 'UPDATE') return;
    const promise = promises[resourceName(kind)];
    if (promise === undefined || subresource !== '' || object === undefined) return;
    const told = promise(object);
    if (told !== undefined) warn(`${kind.kind} ${object.metadata.name} ${told}`);
  },
};
