/**
 * `$(NAME)` replaced by its value, `$$(NAME)` by a literal `$(NAME)`; unknown names stay as they are. The rule of
 * Container.command, args and env: https://kubernetes.io/docs/tasks/inject-data-application/
 */
export function expand(text: string, lookUp: (name: string) => string | undefined): string {
  let result = '';
  for (let at = 0; at < text.length; ) {
    const dollar = text.indexOf('$', at);
    if (dollar === -1) return result + text.slice(at);
    result += text.slice(at, dollar);
    const next = text[dollar + 1];
    const end = next === '(' ? text.indexOf(')', dollar) : -1;
    if (next === '$') {
      result += '$';
      at = dollar + 2;
    } else if (end !== -1) {
      result += lookUp(text.slice(dollar + 2, end)) ?? text.slice(dollar, end + 1);
      at = end + 1;
    } else {
      result += '$';
      at = dollar + 1;
    }
  }
  return result;
}
