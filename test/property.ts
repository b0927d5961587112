import fc from 'fast-check';

/** The same cases on every run; `SEED=7 npm run test:unit -- FILE` looks at others. */
fc.configureGlobal({ seed: Number(process.env['SEED'] ?? 20_260_301) });

/** Property tests take fast-check from here. */
export { default } from 'fast-check';
