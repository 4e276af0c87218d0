// How long credentials still last, as `status` and `explain` say it.

/** `11 h 59 min`, `42 min`, whole minutes; `over` from the end on. */
export function timeLeft(seconds: number): string {
  if (seconds <= 0) return 'over';
  const minutes = Math.floor(seconds / 60);
  return minutes >= 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes} min`;
}
