import type { ScalarTag } from 'yaml';

/** Booleans and octal numbers as kubectl reads them (YAML 1.1): `on` is true and `0444` is 292. */
const oldBoolean: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:yes|Yes|YES|on|On|ON|no|No|NO|off|Off|OFF)$/,
  resolve: (source) => /^(?:y|on$)/i.test(source),
};

const oldOctal: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  format: 'OLD_OCTAL',
  test: /^[-+]?0[0-7]+$/,
  resolve: (source) => Number.parseInt(source, 8),
  // Written back as it was found.
  stringify: ({ source, value }) => source ?? String(value),
};

/** Options of the yaml library with which a manifest means what kubectl takes it for. */
export const yamlOptions = {
  merge: true,
  prettyErrors: false,
  uniqueKeys: true,
  customTags: (tags: any[]) => [oldBoolean, oldOctal, ...tags],
};
