import type { Kind } from '../../api/kind.ts';
import type { Context, Reply } from '../context.ts';

type Review = (context: Context) => Promise<Reply>;

/** Kinds that are only created and answered at once, by `GROUP/KIND`. */
const reviews = new Map<string, Review>();

export const reviewFor = ({ group, kind }: Kind): Review | undefined => reviews.get(`${group}/${kind}`);
