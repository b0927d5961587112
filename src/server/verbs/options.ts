import { type ApiError, type FieldError, invalid } from '../../api/status.ts';

/** What upstream calls the options that come with a request of a verb. */
export type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions' | 'ListOptions';

const kinds: Record<string, OptionsKind> = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  patch: 'PatchOptions',
  delete: 'DeleteOptions',
  deletecollection: 'DeleteOptions',
};

/** Options are validated like objects: a client is told which of them is wrong, with 422. */
export const refusedOption = (verbOrKind: string, error: FieldError): ApiError =>
  invalid(kinds[verbOrKind] ?? verbOrKind, 'meta.k8s.io', '', [error]);
