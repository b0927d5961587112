import { defineKind } from '../define.ts';
import type { KubernetesObject } from '../object.ts';
import { definition } from '../schema/definitions.ts';
import type { Schema } from '../schema/schema.ts';
import { since } from '../table.ts';
import { invalidValue, required } from '../validation/errors.ts';

/** Why somebody made a change although it breaks something: on the object, and in the audit log. */
export const acceptedAnnotation = 'defence.rempart.io/accepted';
/** Of a reason, so much is recorded: an annotation may have 256 kB, and the audit log is kept. */
export const reasonLengthMax = 1024;

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

const text = (description: string): Schema => ({ type: 'string', description });
const count = (description: string): Schema => ({ type: 'integer', format: 'int32', description });
const texts = (description: string): Schema => ({
  ...{ type: 'array', description, items: { type: 'string' } },
  'x-kubernetes-list-type': 'atomic',
});
const fields = (description: string, properties: Record<string, Schema>): Schema => ({
  type: 'object',
  description,
  properties,
});

export const protection = defineKind<Protection>({
  group: 'defence.rempart.io',
  version: 'v1alpha1',
  kind: 'Protection',
  resource: 'protections',
  shortNames: ['prot'],
  namespaced: false,
  status: true,
  schema: () =>
    fields('Protection is one protection of the cluster and the mode it is in.', {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: definition('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'),
      spec: fields('What is wanted.', {
        mode: text(
          'The mode it is in: one of status.modes. A mode that would break something is refused, naming it, unless ' +
            `the annotation ${acceptedAnnotation} says why in the same change.`,
        ),
      }),
      status: fields('What the mode means, and what the default would break.', {
        level: text('perimeter, image, cluster or patch.'),
        what: text('What is ensured or refused.'),
        defaultMode: text('The mode in which a cluster starts.'),
        modes: texts('Modes that it may be in, the default first.'),
        changedBy: text('How the mode is changed, where it is not by writing spec.mode.'),
        namespaces: {
          ...{ type: 'array', description: 'Namespaces whose label says something else.' },
          items: fields('One of them.', { name: text('Its name.'), mode: text('Its own mode.') }),
          ...{ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
        },
        wouldBreak: fields('What the default mode would break, were it set now. Absent: that is not known.', {
          count: count('How many objects, flows or calls would break.'),
          unknown: count('Of how many nothing that was observed tells.'),
          first: texts('The first of those that would break.'),
        }),
        observedSince: {
          ...{ type: 'string', format: 'date-time' },
          description: 'Since when is watched what wouldBreak rests on.',
        },
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
    { name: 'Observed-Since', type: 'string', value: ({ status }, nowMs) => since(status?.observedSince, nowMs) },
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
