import { describe, expect, it } from 'vitest';
import { Flights } from '../../src/refresh/flights.ts';

/** A flight that lands when it is told to. */
function flight<T>() {
  let land: (value: T) => void = () => undefined;
  let crash: (error: Error) => void = () => undefined;
  const landed = new Promise<T>((resolve, reject) => {
    land = resolve;
    crash = reject;
  });
  return { landed, land: (value: T) => land(value), crash: (error: Error) => crash(error) };
}

const mustNotStart = () => Promise.reject(new Error('one is under way'));

describe('Flights', () => {
  it('Flights starts one for all who ask while it is under way, and all get its result', async () => {
    const flights = new Flights<object>();
    const one = flight<object>();
    const first = flights.join('dev', () => one.landed);
    const others = Array.from({ length: 100 }, () => flights.join('dev', mustNotStart));
    expect(flights.count).toBe(1);
    const result = {};
    one.land(result);
    expect(new Set(await Promise.all([first, ...others]))).toEqual(new Set([result]));
    expect(flights.count).toBe(0);
  });

  it('Flights gives all the same failure, and the next one starts anew', async () => {
    const flights = new Flights<string>();
    const one = flight<string>();
    const all = [flights.join('dev', () => one.landed), flights.join('dev', mustNotStart)];
    const failure = new Error('no network');
    one.crash(failure);
    const endings = await Promise.allSettled(all);
    expect(endings.map((each) => (each.status === 'rejected' ? each.reason : undefined))).toEqual([failure, failure]);
    expect(await flights.join('dev', async () => 'again')).toBe('again');
  });

  it('Flights has forgotten a flight before anybody hears of its end', async () => {
    const flights = new Flights<number>();
    const second = flights.join('dev', async () => 1).then(() => flights.join('dev', async () => 2));
    expect(await second).toBe(2);
  });

  it('Flights of different keys are apart', async () => {
    const flights = new Flights<string>();
    const one = flight<string>();
    const slow = flights.join('dev', () => one.landed);
    expect(await flights.join('ops', async () => 'ops')).toBe('ops');
    expect(flights.count).toBe(1);
    one.land('dev');
    expect(await slow).toBe('dev');
  });

  it('Flights have landed when the last has, whatever came of it, those that began meanwhile too', async () => {
    const flights = new Flights<string>();
    const [one, two] = [flight<string>(), flight<string>()];
    const first = flights.join('dev', () => one.landed);
    const chained = first.catch(() => flights.join('dev', () => two.landed));
    let haveLanded = false;
    const landed = flights.landed().then(() => {
      haveLanded = true;
    });
    one.crash(new Error('no network'));
    await first.catch(() => undefined);
    await Promise.resolve();
    expect(haveLanded).toBe(false);
    two.land('done');
    await landed;
    expect(await chained).toBe('done');
  });

  it('Flights have landed at once when none is under way', async () => {
    await new Flights<string>().landed();
  });
});
