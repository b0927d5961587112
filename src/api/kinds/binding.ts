import { defineKind } from '../define.ts';
import type { Binding } from '../schema/types.d.ts';

/** Only created: binds a pod to a node, as the binding subresource of pods does. */
export const binding = defineKind<Binding>({ kind: 'Binding', resource: 'bindings', verbs: ['create'] });
