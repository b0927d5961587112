import type { ScalarTag } from 'yaml';
import { meaningOf } from './plain-words.ts';

/** Booleans and numbers as kubectl reads them (YAML 1.1). The library quotes texts that would be taken for one. */
const oldBoolean: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/,
  resolve: meaningOf,
};

const oldNumber = {
  default: true,
  // All numbers, and some words that are none: what they mean is then said by `resolve`.
  test: /^[-+]?_*(?:0_*[xXbBoO][0-9a-fA-F_]+|(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE]_*[-+]?[0-9_]+)?)$/,
  identify: (value: unknown) => typeof value === 'number',
  resolve: meaningOf,
  // Written back as it was found.
  stringify: ({ source, value }) =>
    source !== undefined && meaningOf(source) === value ? source : JSON.stringify(value),
} satisfies Partial<ScalarTag>;

/** Options of the yaml library with which a manifest means what kubectl takes it for. */
export const yamlOptions = {
  merge: true,
  prettyErrors: false,
  uniqueKeys: true,
  customTags: (tags: any[]) => [
    oldBoolean,
    { ...oldNumber, tag: 'tag:yaml.org,2002:int' },
    { ...oldNumber, tag: 'tag:yaml.org,2002:float' },
    ...tags,
  ],
};
