import { meaningOf as meaningToKubectl } from '../../../api/plain-words.ts';
import { NotPlain } from './cursor.ts';

/** What words without quotes mean; what is refused is left to the thorough reader, which says so. */
export function meaningOf(words: string): unknown {
  const meaning = meaningToKubectl(words);
  if (typeof meaning === 'number' && !Number.isFinite(meaning)) throw new NotPlain();
  return meaning;
}
