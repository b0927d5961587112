/** An object whose fields are made when they are first asked for, and once. What throws is tried again. */
export function lazily<T extends object>(makers: { [Name in keyof T]: () => T[Name] }): T {
  const object = {} as T;
  for (const name of Object.keys(makers) as (keyof T)[])
    Object.defineProperty(object, name, {
      ...{ configurable: true, enumerable: true },
      get() {
        const value = makers[name]();
        Object.defineProperty(object, name, { value });
        return value;
      },
    });
  return object;
}
