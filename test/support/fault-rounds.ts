/** How often tests of faults let the same thing fail: a few times in the whole suite, often in `npm run test:faults`. */
export const faultRounds = Number(process.env['FAULT_ROUNDS'] ?? 3);
