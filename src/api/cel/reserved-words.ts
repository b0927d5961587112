/** Words that name nothing in an expression. https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax */
export const reservedWords: ReadonlySet<string> = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);
