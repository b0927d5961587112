import type { Reply } from './context.ts';
import type { PathContext } from './paths.ts';

/** Each check by name: a server that listens is ready once its store is, so `/livez` and `/readyz` ask the same. */
const checksOf = ({ storage }: PathContext): [name: string, check: () => boolean][] => [
  ['ping', () => true],
  ['store', () => storage.engine.healthy()],
];

/** `/readyz`, `/readyz?verbose`, `/readyz?exclude=NAME` and `/readyz/NAME`, as upstream words them. */
export function health(context: PathContext): Reply | undefined {
  const { path, query } = context.target;
  const [, endpoint = '', single] = path.split('/');
  const excluded = new Set(query.getAll('exclude'));
  const checks = checksOf(context).filter(([name]) => !excluded.has(name));
  if (single) {
    const check = checks.find(([name]) => name === single);
    return check && text(passes(check[1]) ? 200 : 500, passes(check[1]) ? 'ok' : `${single} failed`);
  }
  const results = checks.map(([name, check]) => ({ name, ok: passes(check) }));
  const ok = results.every((result) => result.ok);
  if (ok && !query.has('verbose')) return text(200, 'ok');
  const lines = results.map((result) => (result.ok ? `[+]${result.name} ok` : `[-]${result.name} failed`));
  return text(ok ? 200 : 500, `${lines.join('\n')}\n${endpoint} check ${ok ? 'passed' : 'failed'}\n`);
}

function passes(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

const text = (code: number, bytes: string): Reply => ({
  code,
  body: { form: 'bytes', contentType: 'text/plain; charset=utf-8', bytes },
});
