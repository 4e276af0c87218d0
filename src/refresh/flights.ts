// One promise per key: whoever asks while it is under way gets its result or its failure the moment it is there.

/** A caller that gives up leaves the flight to the others, and to whoever comes next. */
export class Flights<T> {
  readonly #underWay = new Map<string, Promise<T>>();

  get count(): number {
    return this.#underWay.size;
  }

  isUnderWay(key: string): boolean {
    return this.#underWay.has(key);
  }

  /** Joins the flight of this key, or starts it. Throws what `start` throws. */
  join(key: string, start: () => Promise<T>): Promise<T> {
    const known = this.#underWay.get(key);
    if (known !== undefined) return known;
    const flight = start().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, flight);
    return flight;
  }

  /** Ends when none is under way any more, whatever came of them. */
  async landed(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay.values());
  }
}
