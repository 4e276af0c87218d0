// The few figures that are taken of many timings. Pure.

export interface Figures {
  readonly median: number;
  readonly min: number;
  /** Nine of ten are below. */
  readonly p90: number;
}

/** Of at least one value. */
export function figuresOf(values: readonly number[]): Figures {
  return { median: quantile(values, 0.5), min: Math.min(...values), p90: quantile(values, 0.9) };
}

/** The smallest value that is not below this part of all. NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

/** The median of what each round's value is to the same round's base: a busy machine weighs on both. */
export function pairedRatio(base: readonly number[], values: readonly number[]): number {
  return quantile(
    values.map((value, n) => value / (base[n] ?? Number.NaN)),
    0.5,
  );
}
