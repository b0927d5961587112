import { defineKind } from '../define.ts';
import type { KubernetesObject } from '../object.ts';
import { definition } from '../schema/definitions.ts';
import type { Schema } from '../schema/schema.ts';
import { invalidValue, required } from '../validation/errors.ts';

/** Why somebody made a change although it breaks something: on the object, and in the audit log. */
export const acceptedAnnotation = 'defence.rempart.io/accepted';

/**
 * One protection of the cluster and the mode it is in. `status` says what the mode means and what the default mode would
 * break now. Which modes a protection has is known to those who enforce it: they refuse others at admission.
 */
export type Protection = KubernetesObject & { spec?: { mode?: string }; status?: ProtectionStatus };

export type ProtectionStatus = {
  level: string;
  what: string;
  defaultMode: string;
  modes: string[];
  /** How the mode is changed, where it is not by writing `spec.mode`. */
  changedBy?: string;
  /** Namespaces whose label says something else, sorted. */
  namespaces?: { name: string; mode: string }[];
  /** What the default mode would break, were it set everywhere now; absent where that cannot be known. */
  wouldBreak?: { count: number; unknown: number; first: string[] };
  /** Since when is watched what the preview rests on. */
  observedSince?: string;
};

const text: Schema = { type: 'string' };
const count: Schema = { type: 'integer', format: 'int32' };
const texts: Schema = { type: 'array', items: text, 'x-kubernetes-list-type': 'atomic' };
const fields = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties });

export const protection = defineKind<Protection>({
  group: 'defence.rempart.io',
  version: 'v1alpha1',
  kind: 'Protection',
  resource: 'protections',
  shortNames: ['prot'],
  namespaced: false,
  status: true,
  schema: () =>
    fields({
      apiVersion: text,
      kind: text,
      metadata: definition('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'),
      spec: fields({ mode: text }),
      status: fields({
        ...{ level: text, what: text, defaultMode: text, modes: texts, changedBy: text },
        namespaces: {
          ...{ type: 'array', items: fields({ name: text, mode: text }) },
          ...{ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
        },
        wouldBreak: fields({ count, unknown: count, first: texts }),
        observedSince: { type: 'string', format: 'date-time' },
      }),
    }),
  validate({ spec }) {
    if (!spec?.mode) return [required('spec.mode')];
    return /^[a-z][a-z-]{0,62}$/.test(spec.mode)
      ? []
      : [invalidValue('spec.mode', spec.mode, 'a mode is a word in lower case')];
  },
  columns: [
    { name: 'Level', type: 'string', value: ({ status }) => status?.level },
    { name: 'Mode', type: 'string', value: ({ spec }) => spec?.mode },
    { name: 'Default', type: 'string', value: ({ status }) => status?.defaultMode },
    { name: 'Namespaces', type: 'string', value: ({ status }) => namespacesText(status?.namespaces) },
    { name: 'Would-Break', type: 'string', value: ({ status }) => breaksText(status) },
    { name: 'Observed-Since', type: 'date', value: ({ status }) => status?.observedSince },
    { name: 'What', type: 'string', priority: 1, value: ({ status }) => status?.what },
  ],
});

const shownNamespaces = 3;

function namespacesText(namespaces: ProtectionStatus['namespaces'] = []): string {
  const shown = namespaces.slice(0, shownNamespaces).map(({ name, mode }) => `${name}=${mode}`);
  const more = namespaces.length - shown.length;
  return [...shown, ...(more > 0 ? [`+${more}`] : [])].join(',') || '<none>';
}

function breaksText(status: ProtectionStatus | undefined): string {
  if (status?.wouldBreak === undefined) return 'not assessed';
  const { count, unknown } = status.wouldBreak;
  return unknown > 0 ? `${count}, ${unknown} unknown` : String(count);
}
