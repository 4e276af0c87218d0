// How a request for credentials or with an identity ends when something is in the way, and what is left of what was looked up for it.

import { beforeEach, describe, expect, it } from 'vitest';
import type { Remembered } from '../../src/agent/memory.ts';
import { StoreRoom } from '../../src/agent/store-room.ts';
import { toCredentialsItem } from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import { passphraseStore, rightIdentity } from '../fakes/passphrase-store.ts';
import { hour, lastStep, minute, roleRecipe, second } from './agent-world.ts';
import { filesWith, keyIdIn, openAsking, wordsIn } from './asking.ts';
import { isWiped } from './buffers-made.ts';

let { world, asked, noted, startedElsewhere, edit, get, unlock, timed, got, assumed, hang } = await openAsking();
beforeEach(async () => {
  ({ world, asked, noted, startedElsewhere, edit, get, unlock, timed, got, assumed, hang } = await openAsking());
});

const { account } = lastStep(roleRecipe());
const networkWords = /^rolekeeper: .*no route to host.*\n/;

/** Status and words of what is no credentials. */
async function refusal(profile: string): Promise<readonly [number | undefined, string]> {
  const { answer } = await timed(get(profile));
  return [answer.kind === 'exit' ? answer.status : undefined, wordsIn(answer)];
}

/** Another process put these into the store, which end in so long. */
async function storeElsewhere(leftMs: number): Promise<void> {
  const expiresAt = world.machine.awsMs() + leftMs;
  const [secretAccessKey, sessionToken] = [new Secret('s'), new Secret('t')];
  const credentials = { accessKeyId: 'STORED', secretAccessKey, sessionToken, issuedAt: expiresAt - hour, expiresAt };
  await world.store.set(account, toCredentialsItem(credentials, account));
}

/** All documents that are taken out of the memory from now on. */
function documentsTaken(): readonly Buffer[] {
  const taken: Buffer[] = [];
  const { recall } = world.memory;
  world.memory.recall = (of): Remembered | undefined => {
    const remembered = recall.call(world.memory, of);
    if (remembered !== undefined) taken.push(remembered.document);
    return remembered;
  };
  return taken;
}

describe('files that cannot be read', () => {
  it.each([
    new AppError('config-unreadable', { path: '/c', problem: 'no permission' }),
    new AppError('config-malformed', { path: '/c', line: 1, problem: 'no bracket' }),
  ])('are looked at again by a process of its own: $code', async (failure) => {
    edit(failure);
    expect([await get('dev'), noted]).toEqual([{ kind: 'pass', reason: 'config' }, []]);
  });

  it('for a reason that nobody has thought of are said to be so', async () => {
    edit(new TypeError('a slip'));
    const [status, words] = await refusal('dev');
    expect([status, words.split('\n')[0]]).toEqual([1, 'rolekeeper: unexpected failure: a slip']);
    expect(noted).toEqual([{ verb: 'get', profile: 'dev', outcome: 'failed', code: 'unexpected' }]);
  });
});

describe('a store that is not there', () => {
  beforeEach(() => {
    world.store.get = async () => {
      throw new AppError('store-unavailable', { store: 'the age store', problem: 'no such file', hint: 'look' });
    };
  });

  it('is said to be so', async () => {
    const words = 'rolekeeper: the age store does not answer: no such file\nrolekeeper: hint: look\n';
    expect(await refusal('dev')).toEqual([5, words]);
  });

  // A service has a /tmp of its own.
  it('is looked for by a process of its own where the caller names its key file', async () => {
    const env = { ROLEKEEPER_AGE_KEY_FILE: '/tmp/key' };
    expect((await timed(get('dev', { env }))).answer).toEqual({ kind: 'pass', reason: 'config' });
  });
});

describe('a login that is needed', () => {
  it('is left to a process of its own where the settings allow to ask for it', async () => {
    edit(filesWith('[rolekeeper]\ninteractive = yes\n'));
    expect((await timed(get('mfa'))).answer).toEqual({ kind: 'pass', reason: 'not-mine' });
    edit(filesWith('[rolekeeper]\ninteractive = no\n'));
    expect((await refusal('mfa'))[0]).toBe(4);
    edit(filesWith('[rolekeeper]\nstore = file\n'));
    expect((await refusal('mfa'))[0]).toBe(4);
    expect(noted.map((answer) => answer.outcome)).toEqual(['failed', 'failed']);
  });

  it('is what a person may be asked for, and nothing else is', async () => {
    await world.logIn();
    world.sts.cut(true);
    const [status, words] = await refusal('asking');
    expect([status, words]).toEqual([7, expect.stringMatching(networkWords)]);
  });
});

describe('AWS out of reach', () => {
  const { profile, code } = { profile: 'dev', code: 'network' };
  const hop = 'arn:aws:iam::222233334444:role/dev';

  it('is told to who has nothing else, as long as it lasts, and never what has ended', async () => {
    await got('dev');
    await world.machine.run(hour);
    world.sts.cut(true);
    for (let calls = 0; calls < 3; calls++) {
      expect(await refusal('dev')).toEqual([7, expect.stringMatching(networkWords)]);
      await world.machine.run(500);
    }
    expect([startedElsewhere, noted.map(({ outcome }) => outcome)]).toEqual([[], ['refreshed', 'failed', 'failed', 'failed']]);
  });

  it('with 15 minutes left is a refresh that somebody waited for', async () => {
    const first = await got('dev');
    await world.machine.run(46 * minute);
    world.sts.cut(true);
    expect(await got('dev')).toBe(first);
    await world.machine.run(second);
    expect(world.linesOf('refresh.failed')).toEqual([{ profile, hop, code, count: 1 }]);
    expect([startedElsewhere, noted.map(({ outcome }) => outcome)]).toEqual([[], ['refreshed', 'cached']]);
  });

  it('past the refresh point is a refresh that nobody waited for, which the log has', async () => {
    await got('dev');
    await world.machine.run(42 * minute);
    world.sts.cut(true);
    await got('dev');
    await world.machine.run(second);
    expect(world.linesOf('refresh.failed')).toEqual([
      { profile, hop, code, count: 1 },
      { profile, code },
    ]);
    expect(startedElsewhere).toEqual([]);
  });
});

describe('the keys themselves', () => {
  it('are noted as what was at hand', async () => {
    await got('plain');
    expect(noted).toEqual([{ verb: 'get', profile: 'plain', outcome: 'cached', keySuffix: 'KIA1' }]);
  });
});

describe('what was looked up and not given', () => {
  it('is wiped when a refresh brought something later', async () => {
    const first = await got('dev');
    await world.machine.run(46 * minute);
    const taken = documentsTaken();
    const { answer } = await timed(get('dev'));
    expect(keyIdIn(answer)).not.toBe(first);
    expect(taken.map(isWiped)).toEqual([true, false]);
  });

  it('is wiped when it has ended and nothing came', async () => {
    await got('dev');
    await world.machine.run(61 * minute);
    world.sts.cut(true);
    const taken = documentsTaken();
    expect((await refusal('dev'))[0]).toBe(7);
    expect(taken.map(isWiped)).toEqual([true]);
  });

  it('is wiped when a refresh brought what nobody waited for', async () => {
    await got('dev');
    await world.machine.run(42 * minute);
    const taken = documentsTaken();
    await got('dev');
    await world.machine.run(second);
    expect(taken.map(isWiped)).toEqual([false, true]);
  });

  it('is wiped when a refresh brought it too late', async () => {
    const { assumeRole } = world.sts;
    world.sts.assumeRole = async (...call) => {
      await world.machine.clock.wait(4 * second);
      return await assumeRole(...call);
    };
    const taken = documentsTaken();
    expect((await refusal('dev'))[0]).toBe(7);
    await world.machine.run(second);
    expect(taken.map(isWiped)).toEqual([true]);
    await world.machine.run(46 * minute);
    await got('dev');
    await world.machine.run(2 * second);
    expect(taken.slice(1).map(isWiped)).toEqual([false, true]);
  });

  it('is whole when it was given after all', async () => {
    await got('dev');
    await world.machine.run(46 * minute);
    hang();
    const taken = documentsTaken();
    await got('dev');
    expect(taken.map(isWiped)).toEqual([false]);
  });
});

describe('a state that does not tell whose keys these are', () => {
  beforeEach(() => {
    world.state.principal = () => undefined;
  });

  it('costs no call while the store has what will do', async () => {
    await storeElsewhere(16 * minute);
    const taken = documentsTaken();
    expect([await got('dev'), assumed(), taken.map(isWiped)]).toEqual(['STORED', 0, [false]]);
    expect(asked).toEqual([{ id: lastStep(roleRecipe()).id, profile: 'dev', home: '/home/alice' }]);
  });

  it('costs one when the store has less, which is wiped', async () => {
    await storeElsewhere(14 * minute);
    const taken = documentsTaken();
    expect(await got('dev')).toMatch(/^ASIA/);
    expect([assumed(), taken.map(isWiped)]).toEqual([1, [true, false]]);
  });

  it('takes nothing away while AWS is out of reach', async () => {
    await storeElsewhere(14 * minute);
    world.sts.cut(true);
    const taken = documentsTaken();
    expect([await got('dev'), assumed(), taken.map(isWiped)]).toEqual(['STORED', 1, [false]]);
  });

  it('gives nothing that has ended, and wipes it', async () => {
    await storeElsewhere(0);
    world.sts.cut(true);
    const taken = documentsTaken();
    expect((await refusal('dev'))[0]).toBe(7);
    expect(taken.map(isWiped)).toEqual([true]);
  });
});

describe('an identity for the store', () => {
  function lock(): void {
    world.room = new StoreRoom({ ...world.ports, store: passphraseStore(world.store) }, world.memory);
  }

  it('is taken without a word but in the log', async () => {
    lock();
    expect(await unlock(rightIdentity)).toEqual({ kind: 'exit', status: 0, bytes: Buffer.alloc(0) });
    expect([world.room.isUnlocked, world.linesOf('store.unlocked')]).toEqual([true, [{ store: 'the age store' }]]);
  });

  it('that is another is refused', async () => {
    lock();
    const bytes = Buffer.from('rolekeeper: the age store is locked\nrolekeeper: hint: run `rolekeeper unlock`\n');
    expect(await unlock('AGE-SECRET-KEY-WRONG')).toEqual({ kind: 'exit', status: 5, bytes });
    expect([world.room.isUnlocked, world.linesOf('store.unlocked')]).toEqual([false, []]);
  });

  it('is refused where no passphrase opens anything', async () => {
    const words = wordsIn(await unlock(rightIdentity));
    expect(words.split('\n')[0]).toBe(`rolekeeper: ${world.store.description} has no passphrase`);
  });

  it.each([
    ['not-mine', { HOME: '/home/bob' }],
    ['config', { AWS_CONFIG_FILE: '$WORK/config' }],
  ])('is passed on as %s', async (reason, env) => {
    lock();
    expect(await unlock(rightIdentity, { env })).toEqual({ kind: 'pass', reason });
    expect(world.room.isUnlocked).toBe(false);
  });

  it('is refused while the files cannot be read', async () => {
    lock();
    edit(new AppError('config-malformed', { path: '/c', line: 1, problem: 'no bracket' }));
    const answer = await unlock(rightIdentity);
    expect([answer.kind === 'exit' && answer.status, wordsIn(answer).split('\n')[0]]).toEqual([
      3,
      'rolekeeper: /c:1: no bracket',
    ]);
  });
});
