import { CORE_SCHEMA, defineScalarTag, mergeTag, NOT_RESOLVED, YAMLException } from 'js-yaml';
import { meaningOf } from './plain-words.ts';

const bool = defineScalarTag('tag:yaml.org,2002:bool', {
  implicit: true,
  implicitFirstChars: [...'tTfFyYnNoO'],
  resolve(source) {
    const meaning = meaningOf(source);
    return typeof meaning === 'boolean' ? meaning : NOT_RESOLVED;
  },
  identify: () => false,
});

const number = (name: string) =>
  defineScalarTag(name, {
    implicit: true,
    implicitFirstChars: [...'-+.0123456789'],
    resolve(source) {
      const meaning = meaningOf(source);
      if (typeof meaning !== 'number') return NOT_RESOLVED;
      if (!Number.isFinite(meaning)) throw new YAMLException(`JSON has no number ${source}`);
      return meaning;
    },
    identify: () => false,
  });

/** For the js-yaml library: what plain scalars mean to kubectl (YAML 1.1): `on` is true and `0444` is 292. */
export const kubectlSchema = CORE_SCHEMA.withTags(
  bool,
  number('tag:yaml.org,2002:int'),
  number('tag:yaml.org,2002:float'),
  mergeTag,
);
