import type { Manifest } from '../contract.ts';

/** The ServiceAccount to which a Secret's token belongs; undefined for other Secrets. */
export const tokenOwner = ({ metadata }: Manifest): string | undefined =>
  metadata.annotations?.['kubernetes.io/service-account.name'];
