import { createRequire } from 'node:module';
import { lazily } from '../../foundation/lazily.ts';

type Core = typeof import('@bufbuild/cel');
type Strings = typeof import('@bufbuild/cel/ext');
type Protobuf = typeof import('@bufbuild/protobuf');
type WellKnown = typeof import('@bufbuild/protobuf/wkt');
type Regex = typeof import('@bufbuild/re2');

export type CelType = import('@bufbuild/cel').CelType;
export type CelFunc = import('@bufbuild/cel').CelFunc;
export type CelList = import('@bufbuild/cel').CelList;
export type CelMap = import('@bufbuild/cel').CelMap;
export type CelEnv = import('@bufbuild/cel').CelEnv;
export type Parsed = ReturnType<Core['parse']>;
export type Expr = NonNullable<Parsed['expr']>;

const load = createRequire(import.meta.url);

/**
 * The CEL library with what belongs to it, loaded when the first expression is compiled: it takes a tenth of a second,
 * and the kinds that hold expressions are part of every program that knows the API. Every value asks for it.
 */
export const library = lazily({
  cel: (): Core => load('@bufbuild/cel'),
  strings: (): Strings['strings'] => (load('@bufbuild/cel/ext') as Strings).strings,
  protobuf: (): Protobuf => load('@bufbuild/protobuf'),
  wellKnown: (): WellKnown => load('@bufbuild/protobuf/wkt'),
  regex: (): Regex['RE2JS'] => (load('@bufbuild/re2') as Regex).RE2JS,
});
