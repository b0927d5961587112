import { defineKind } from '../define.ts';
import type { Secret } from '../schema/types.d.ts';

export const secret = defineKind<Secret>({
  kind: 'Secret',
  resource: 'secrets',
  selectableFields: ['type'],
  columns: [
    { name: 'Type', type: 'string', value: ({ type }) => type },
    { name: 'Data', type: 'integer', value: ({ data }) => Object.keys(data ?? {}).length },
  ],
  defaults(object) {
    object.type ||= 'Opaque';
    // What is only ever written becomes data at once: it is never read back.
    if (object.stringData === undefined) return;
    const encode = (text: string) => Buffer.from(text).toString('base64');
    const written = Object.entries(object.stringData).map(([key, text]) => [key, encode(text)] as const);
    if (written.length > 0) object.data = { ...object.data, ...Object.fromEntries(written) };
    delete object.stringData;
  },
});
