export * from '../../api/observations/observation.ts';
