import { CORE_SCHEMA, defineScalarTag, mergeTag, NOT_RESOLVED } from 'js-yaml';

const bool = defineScalarTag('tag:yaml.org,2002:bool', {
  implicit: true,
  implicitFirstChars: [...'tTfFyYnNoO'],
  resolve: (source) =>
    /^(?:true|True|TRUE|yes|Yes|YES|on|On|ON)$/.test(source) ||
    (/^(?:false|False|FALSE|no|No|NO|off|Off|OFF)$/.test(source) ? false : NOT_RESOLVED),
  identify: () => false,
});

const int = defineScalarTag('tag:yaml.org,2002:int', {
  implicit: true,
  implicitFirstChars: [...'-+0123456789'],
  resolve(source) {
    if (/^[-+]?0[0-7]+$/.test(source)) return Number.parseInt(source, 8);
    if (/^[-+]?[0-9]+$/.test(source)) return Number(source);
    if (/^0o[0-7]+$/.test(source)) return Number.parseInt(source.slice(2), 8);
    return /^0x[0-9a-fA-F]+$/.test(source) ? Number.parseInt(source.slice(2), 16) : NOT_RESOLVED;
  },
  identify: () => false,
});

/** For the js-yaml library: what plain scalars mean to kubectl (YAML 1.1): `on` is true and `0444` is 292. */
export const kubectlSchema = CORE_SCHEMA.withTags(bool, int, mergeTag);
