// How long to wait before the next try to connect. Pure.

const FIRST_MS = 1000;
const LONGEST_MS = 15_000;

/** Doubles from 1 s to 15 s; the upper half is random, at the first try as well, so that many pages do not come back at once. */
export function reconnectDelayMs(attempt: number, random: number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(whole / 2 + (whole / 2) * random);
}
