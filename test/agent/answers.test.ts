import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type KeyId, keysAccount, parseProfileName } from '../../src/config/names.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { obtain, openChain } from '../../src/refresh/obtain.ts';
import { patientDemand } from '../../src/refresh/refresh-one.ts';
import { settled } from '../fakes/fake-machine.ts';
import { corp, hour, minute, second } from './agent-world.ts';
import { filesWith, keyIdIn, openAsking, wordsIn } from './asking.ts';

let { world, asked, noted, startedElsewhere, get, timed, got, assumed, hang } = await openAsking();
beforeEach(async () => {
  ({ world, asked, noted, startedElsewhere, get, timed, got, assumed, hang } = await openAsking());
});

describe('the agent asked for credentials', () => {
  it('that are fresh gives them from memory, without the store, the lock or AWS', async () => {
    const first = await got('dev');
    const { tookMs, answer } = await timed(get('dev'));
    expect([keyIdIn(answer), tookMs, assumed()]).toEqual([first, 0, 1]);
  });

  it('tells the audit trail what it gave and how it came by it, with no more of the key than its end', async () => {
    const first = await got('dev');
    await got('dev');
    await timed(get('nobody'));
    await timed(get('no\u0000 name'));
    const suffix = { keySuffix: first.slice(-4) };
    expect(noted).toEqual([
      { verb: 'get', profile: 'dev', outcome: 'refreshed', ...suffix },
      { verb: 'get', profile: 'dev', outcome: 'cached', ...suffix },
      { verb: 'get', profile: '', outcome: 'failed', code: 'usage' },
    ]);
  });

  it('past their refresh point gives them at once, and refreshes behind', async () => {
    const first = await got('dev');
    await world.machine.run(42 * minute);
    const all = await Promise.all(Array.from({ length: 10 }, () => timed(get('dev'))));
    expect(all.map(({ tookMs, answer }) => [tookMs, keyIdIn(answer)])).toEqual(Array(10).fill([0, first]));
    await world.machine.run(second);
    expect(assumed()).toBe(2);
    expect(await got('dev')).not.toBe(first);
  });

  it('with 15 minutes left refreshes first', async () => {
    const first = await got('dev');
    await world.machine.run(46 * minute);
    const { tookMs, answer } = await timed(get('dev'));
    expect(keyIdIn(answer)).not.toBe(first);
    expect(tookMs).toBeLessThanOrEqual(350);
  });

  it('with 15 minutes left waits 2.5 s for AWS, then gives what is valid; the refresh goes on', async () => {
    const first = await got('dev');
    await world.machine.run(46 * minute);
    hang();
    const { tookMs, answer } = await timed(get('dev'));
    expect([keyIdIn(answer), tookMs]).toEqual([first, 2_500]);
    expect(world.room.underWay).toBe(1);
  });

  it('with 15 minutes left and a failure that still backs off gives what is valid, without a call', async () => {
    const first = await got('dev');
    await world.machine.run(46 * minute);
    world.sts.cut(true);
    expect(await got('dev')).toBe(first);
    const before = assumed();
    const { tookMs, answer } = await timed(get('dev'));
    expect([keyIdIn(answer), tookMs, assumed()]).toEqual([first, 0, before]);
  });

  it('past their refresh point and backing off gives them without a call', async () => {
    await got('dev');
    await world.machine.run(42 * minute);
    world.sts.cut(true);
    await got('dev');
    await world.machine.run(second);
    const before = assumed();
    await got('dev');
    await world.machine.run(500);
    expect(assumed()).toBe(before);
  });

  it('whose session has ended gives what is valid, then says how to log in', async () => {
    await world.logIn();
    await world.machine.run(11.9 * hour);
    const first = await got('mfa');
    await world.machine.run(50 * minute);
    expect(await got('mfa')).toBe(first);
    await world.machine.run(10 * minute);
    const { answer } = await timed(get('mfa'));
    expect(answer).toMatchObject({ kind: 'exit', status: 4 });
    expect(wordsIn(answer)).toMatch(/needs a new MFA login.*\nrolekeeper: hint: run `rolekeeper login work`\n$/);
  });

  it('that have expired refreshes them, and never gives them', async () => {
    const first = await got('dev');
    await world.machine.run(hour);
    expect(await got('dev')).not.toBe(first);
    await world.machine.run(hour);
    world.sts.cut(true);
    expect((await timed(get('dev'))).answer).toMatchObject({ kind: 'exit', status: 7 });
  });

  it('that are absent waits 3.8 s for AWS, then says to try again; the next caller gets what came', async () => {
    const { assumeRole } = world.sts;
    world.sts.assumeRole = async (...call) => {
      await world.machine.clock.wait(4 * second);
      return assumeRole(...call);
    };
    const { answer, tookMs } = await timed(get('dev'));
    expect(answer).toMatchObject({ kind: 'exit', status: 7 });
    expect(tookMs).toBe(3_800);
    expect(wordsIn(answer)).toBe(
      'rolekeeper: getting credentials for "dev" took longer than 3.8 s\nrolekeeper: hint: try again; if that lasts, `rolekeeper doctor --online` asks AWS\n',
    );
    await world.machine.run(second);
    await got('dev');
    expect(assumed()).toBe(1);
  });

  it('keeps the deadline that the caller has left', async () => {
    hang();
    expect((await timed(get('dev', { leftMs: 1_200 }))).tookMs).toBe(1_200);
    expect((await timed(get('dev', { leftMs: -5_000 }))).tookMs).toBe(3_800); // a clock was set: nobody asks too late
    expect((await timed(get('dev', { leftMs: hour }))).tookMs).toBe(3_800);
  });

  // Failed at once, "took longer than 0 s": the deadline was on the wall clock, which goes on in sleep.
  it('takes its whole time for a caller that slept with the machine in the middle of its call', async () => {
    expect(await got('dev', { leftMs: -12 * hour })).toMatch(/^ASIA/);
  });

  it('gives what is valid rather than wait past the deadline', async () => {
    const first = await got('dev');
    await world.machine.run(46 * minute);
    hang();
    const { tookMs, answer } = await timed(get('dev', { leftMs: 700 }));
    expect([keyIdIn(answer), tookMs]).toEqual([first, 700]);
  });

  it('from a locked store gives what memory has, else says that it is locked', async () => {
    const first = await got('dev');
    world.store.lock();
    await world.machine.run(20 * second);
    expect(await got('dev')).toBe(first);
    const { answer } = await timed(get('mfa'));
    expect(answer).toMatchObject({ kind: 'exit', status: 5 });
    expect(wordsIn(answer)).toContain('is locked');
  });

  it('gives new ones also when the store would not take them', async () => {
    world.store.refuseWrites();
    const first = await got('dev');
    expect(await got('dev')).toBe(first);
    expect(assumed()).toBe(1);
  });

  it('gives one failure to all who wait for it, and to who asks within five seconds', async () => {
    await got('dev');
    await world.machine.run(2 * hour);
    world.sts.refuse('dev');
    const all = await world.during(second, Promise.all(Array.from({ length: 50 }, () => get('dev'))));
    expect(new Set(all.map(wordsIn)).size).toBe(1);
    await world.machine.run(3 * second);
    expect(wordsIn((await timed(get('dev'))).answer)).toBe(all[0] === undefined ? '' : wordsIn(all[0]));
    expect(assumed()).toBe(2);
  });

  it('gives 500 callers at once one result of one AssumeRole, each in bytes of its own', async () => {
    const all = await world.during(second, Promise.all(Array.from({ length: 500 }, () => get('dev'))));
    expect(new Set(all.map(keyIdIn)).size).toBe(1);
    const [first, ...others] = all.map((answer) => (answer.kind === 'exit' ? answer.bytes : Buffer.alloc(0)));
    first?.fill(0);
    expect(others.every((bytes) => bytes.includes('SecretAccessKey'))).toBe(true);
    expect(assumed()).toBe(1);
  });
});

describe('the agent asked for the keys themselves', () => {
  it('gives them, and calls nobody', async () => {
    expect(await got('plain')).toBe('AKIA1');
    expect(assumed()).toBe(0);
    expect(world.memory.size).toBe(0);
  });

  // A service has a /tmp of its own: keys in a file there are missing only for the agent.
  it('leaves it to a process of its own to say which keys are missing', async () => {
    await world.store.delete(keysAccount(corp));
    const { answer } = await timed(get('plain'));
    expect(answer).toEqual({ kind: 'pass', reason: 'config' });
  });
});

describe('who asked', () => {
  // Nobody knew whose keys these are, so the first get was not noted, and the background left its credentials alone.
  it('is noted with the very first get', async () => {
    await got('dev');
    expect(asked.map(({ profile }) => profile)).toEqual(['dev']);
    expect(world.state.askedAt(asked[0]?.id ?? lastId())).toBeDefined();
  });

  it('is noted when there is a failure, too', async () => {
    world.sts.cut(true);
    await timed(get('dev'));
    expect(asked.map(({ profile }) => profile)).toEqual(['dev']);
  });

  // Every get was an AssumeRole: without a state nobody knows the principal, and memory was not asked.
  it('is answered from memory where the state cannot be written', async () => {
    world.state.fillDisk();
    const first = await got('dev');
    for (let calls = 0; calls < 5; calls++) expect(await got('dev')).toBe(first);
    expect(assumed()).toBe(1);
    await world.machine.run(50 * minute);
    world.sts.cut(true);
    expect(await got('dev')).toBe(first);
  });

  // It failed with the store, beside what AWS had just given.
  it('is waited for where a refresh is under way and the store goes away', async () => {
    const goOn = world.store.holdNextWrite();
    const first = get('dev');
    await world.machine.run(400);
    world.store.lock();
    const other = get('dev');
    await settled();
    goOn();
    const [one, two] = [await timed(first), await timed(other)];
    expect(keyIdIn(one.answer)).toMatch(/^ASIA/);
    expect(keyIdIn(two.answer)).toBe(keyIdIn(one.answer));
    expect(assumed()).toBe(1);
  });

  // What the store had was found under way, and was forgotten when the caller's time ran out.
  it.each([
    ['fails', (sts: typeof world.sts) => sts.cut(true)],
    ['does not answer in time', (sts: typeof world.sts) => sts.slowDown(minute)],
  ])('is given what the store has where nobody knew whose keys these are and AWS %s', async (_how, spoil) => {
    world.state.fillDisk();
    const first = await got('dev');
    await world.machine.run(50 * minute);
    world.room.forgetAll();
    spoil(world.sts);
    const { answer, tookMs } = await timed(get('dev'));
    expect(keyIdIn(answer)).toBe(first);
    expect(tookMs).toBeLessThan(4 * second);
  });

  function lastId(): KeyId {
    throw new Error('nobody was noted');
  }
});

describe('the agent', () => {
  it('passes on a caller that is not its own', async () => {
    expect(await get('dev', { env: { HOME: '/home/bob' } })).toEqual({ kind: 'pass', reason: 'not-mine' });
  });

  it.each([
    ['the profile', 'asking', {}],
    ['the environment', 'mfa', { ROLEKEEPER_INTERACTIVE: '1' }],
  ])('leaves it to a process of its own to ask for a code where %s allows that', async (_who, profile, env) => {
    expect((await timed(get(profile, { env }))).answer).toEqual({ kind: 'pass', reason: 'not-mine' });
    await world.logIn();
    expect(await got(profile, { env })).toMatch(/^ASIA/);
  });

  it.each([
    ['nobody allows that', 'mfa', {}],
    ['the environment forbids it', 'asking', { ROLEKEEPER_INTERACTIVE: 'no' }],
  ])('says that a login is needed where %s', async (_why, profile, env) => {
    expect((await timed(get(profile, { env }))).answer).toMatchObject({ kind: 'exit', status: 4 });
  });

  it('does not answer a process that it is waiting for itself', async () => {
    const answer = await get('dev', { env: { ROLEKEEPER_CALLER: 'ops\ndev' } });
    expect(answer).toMatchObject({ kind: 'exit', status: 3 });
    expect(wordsIn(answer)).toContain('profile "dev" leads back to rolekeeper itself');
    expect(await got('dev', { env: { ROLEKEEPER_CALLER: 'ops' } })).toMatch(/^ASIA/);
  });

  // Such a file may be one that is just being written; and the nearest name is looked for where it costs nobody else time.
  it.each(['de', 'unheard-of', 'broken'])('leaves it to a process of its own to say what is wrong with "%s"', async (profile) => {
    expect(await get(profile)).toEqual({ kind: 'pass', reason: 'config' });
  });

  it.each(['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'])(
    'leaves a %s with a variable in it to who knows the variable',
    async (name) => {
      expect(await get('dev', { env: { [name]: '$WORK/config' } })).toEqual({ kind: 'pass', reason: 'config' });
      expect(await got('dev', { env: { [name]: '/work/config' } })).toMatch(/^ASIA/);
    },
  );

  it.each([
    ['-x', 2, 'rolekeeper: "-x" cannot be a profile name\nrolekeeper: hint: run `rolekeeper --help`\n'],
    ['', 2, 'rolekeeper: "" cannot be a profile name\nrolekeeper: hint: run `rolekeeper --help`\n'],
  ])('asked for "%s" says what a process of its own says', async (profile, status, words) => {
    const answer = await get(profile);
    expect([answer.kind === 'exit' && answer.status, wordsIn(answer)]).toEqual([status, words]);
  });

  it('says that a login is needed, and which', async () => {
    const { answer } = await timed(get('mfa'));
    expect(answer).toMatchObject({ kind: 'exit', status: 4 });
    expect(wordsIn(answer)).toBe(
      'rolekeeper: profile "mfa" needs today\'s MFA login\nrolekeeper: hint: run `rolekeeper login work`\n',
    );
  });
});

describe('the agent asked for what a program of the person has to make', () => {
  // A file that is loaded then would take real time, of which the machine's clocks know nothing.
  beforeAll(() => import('../../src/hops/process.ts'));

  /** As a process outside the agent stores it. */
  async function runOutside(profile: string, seconds = 3600): Promise<string> {
    const output = JSON.stringify({
      Version: 1,
      AccessKeyId: `ASIA-${profile}-${world.machine.awsMs()}`,
      SecretAccessKey: 'secret',
      SessionToken: 'token',
      Expiration: new Date(world.machine.awsMs() + seconds * second).toISOString(),
    });
    const programs = { output: async () => output };
    const chain = await openChain(resolveRecipe(parseProfileName(profile), filesWith(), {}), world.ports);
    const demand = patientDemand(() => false);
    const obtaining = obtain(chain, chain.steps.length - 1, { demand, ports: { ...world.ports, programs } });
    const { credentials } = await world.during(second, obtaining);
    world.room.doubtAll();
    return credentials.accessKeyId;
  }

  it('passes on who asks first: nobody runs it in here', async () => {
    const { answer } = await timed(get('other'));
    expect([answer, startedElsewhere]).toEqual([{ kind: 'pass', reason: 'not-mine' }, []]);
    expect(world.state.list()).toEqual([]);
  });

  it('gives what the other process has stored', async () => {
    const key = await runOutside('other');
    expect([await got('other'), await got('other'), startedElsewhere]).toEqual([key, key, []]);
  });

  it('past the refresh point gives what is valid, and has it run elsewhere', async () => {
    const key = await runOutside('other');
    await got('other');
    world.machine.sleep(44 * minute);
    expect([await got('other'), startedElsewhere]).toEqual([key, ['other']]);
  });

  it('with 15 minutes left gives what is valid at once, and has it run elsewhere', async () => {
    const key = await runOutside('other');
    await got('other');
    world.machine.sleep(50 * minute);
    expect([await got('other'), startedElsewhere]).toEqual([key, ['other']]);
  });

  it('that has ended passes the caller on, and has nothing run besides', async () => {
    await runOutside('other');
    await got('other');
    world.machine.sleep(61 * minute);
    expect([(await timed(get('other'))).answer, startedElsewhere]).toEqual([{ kind: 'pass', reason: 'not-mine' }, []]);
  });

  it('assumes a role behind it by itself while the credentials before it last, then not any more', async () => {
    await runOutside('other', 2 * 3600);
    expect(await got('behind')).toMatch(/^ASIA\d{4}$/);
    expect(assumed()).toBe(1);
    world.machine.sleep(121 * minute);
    expect((await timed(get('behind'))).answer).toEqual({ kind: 'pass', reason: 'not-mine' });
  });

  it('does not answer a program that leads back over a profile of the same chain', async () => {
    expect(wordsIn(await get('behind', { env: { ROLEKEEPER_CALLER: 'other' } }))).toContain('leads back');
  });
});

describe('the agent asked for what it cannot see', () => {
  // Files that are loaded then would take real time, of which the machine's clocks know nothing.
  beforeAll(() => Promise.all([import('../../src/hops/machine.ts'), import('../../src/hops/web-identity.ts')]));

  it.each(['job', 'task'])('leaves "%s" to its caller, whose environment holds what it starts from', async (profile) => {
    expect((await timed(get(profile))).answer).toEqual({ kind: 'pass', reason: 'not-mine' });
  });

  // A service has a /tmp of its own.
  it('leaves a token file that is not there to its caller', async () => {
    expect((await timed(get('pod'))).answer).toEqual({ kind: 'pass', reason: 'config' });
  });
});
