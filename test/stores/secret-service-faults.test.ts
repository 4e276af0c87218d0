// What real keyrings do not do on demand: refuse plain sessions, ask and be answered, forget sessions, answer nonsense.

import { getDiffieHellman } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/credentials/secret.ts';
import type { Store, StoreManners } from '../../src/ports/store.ts';
import { array, boolean, bytes, objectPath, pathDict, sequence, string, struct, variant } from '../../src/stores/dbus-codec.ts';
import { decodeBody, type Message } from '../../src/stores/dbus-message.ts';
import { openSecretService } from '../../src/stores/secret-service.ts';
import { startKeyExchange } from '../../src/stores/secret-service-dh.ts';
import { type Answer, body, type FakeService, refusal, startFakeService } from '../harness/keyring-fake-service.ts';
import { accountOf, failureOf } from './contract.ts';

const isLockedError = 'org.freedesktop.Secret.Error.IsLocked';
const noSuchObject = 'org.freedesktop.Secret.Error.NoSuchObject';
const brisk: StoreManners = { deadlineMs: 1_500, prompts: 'never' };
const interactive: StoreManners = { deadlineMs: 1_500, prompts: 'allowed' };
const paths = array(objectPath);
const secret = struct(objectPath, bytes, bytes, string);
const corp = accountOf('corp');

const closers: (() => unknown)[] = [];
let fake: FakeService;
beforeEach(async () => {
  fake = await startFakeService();
  fake.on('Get', property(false));
  fake.on('ReadAlias', body(sequence(objectPath), ['/collection']));
  fake.on('OpenSession', body(sequence(variant, objectPath), [{ type: 's', value: '' }, '/session']));
  fake.on('SearchItems', found(['/item'], []));
  fake.on('GetSecrets', given('/item', 'value'));
  fake.on('SetSecret', body(sequence(), []));
  fake.on('Delete', body(sequence(objectPath), ['/']));
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await fake.stop();
});

function open(manners = brisk, env: Readonly<Record<string, string>> = {}): Store {
  const store = openSecretService({ env: { ...fake.env, ...env }, manners });
  closers.push(() => store.close());
  return store;
}

function property(value: boolean): Answer {
  return body(sequence(variant), [{ type: 'b', value }]);
}

function found(readable: readonly string[], locked: readonly string[]): Answer {
  return body(sequence(paths, paths), [readable, locked]);
}

function given(path: string, value: string): Answer {
  return body(sequence(pathDict(secret)), [
    new Map([[path, ['/session', Buffer.alloc(0), Buffer.from(value), 'text/plain'] as const]]),
  ]);
}

function inTurn(...answers: readonly Answer[]): (call: Message) => Answer {
  let count = 0;
  return () => answers[Math.min(count++, answers.length - 1)] ?? refusal('test.TooOften');
}

describe('the Secret Service store: calls', () => {
  it('calls made at once share one connection and one session; a call after close opens another', async () => {
    const store = open();
    const read = await Promise.all([store.get(corp), store.get(accountOf('other'))]);
    expect(read.map((value) => value?.reveal())).toEqual(['value', 'value']);
    expect(fake.connections()).toBe(1);
    expect(fake.calls.filter((call) => call === 'OpenSession')).toHaveLength(1);
    await store.close();
    await store.get(corp);
    expect(fake.connections()).toBe(2);
  });

  // Seen with gnome-keyring 42, in up to 3 of 100 processes: "Object does not exist at path “/org/freedesktop/secrets/collection/_bcp_90_07OV”".
  it('a default collection that is not there at the first question is asked once more', async () => {
    const absent = refusal('org.freedesktop.DBus.Error.UnknownMethod', 'Object does not exist at path');
    fake.on('Get', inTurn(absent, property(false)));
    expect((await open().get(corp))?.reveal()).toBe('value');
    fake.on('SearchItems', found([], []));
    fake.on('CreateItem', inTurn(absent, body(sequence(objectPath, objectPath), ['/new', '/'])));
    await open().set(corp, new Secret('value'));
    expect(fake.calls.filter((call) => call === 'CreateItem')).toHaveLength(2);
  });

  it('background work starts no service, interactive work may', async () => {
    await open().get(corp);
    expect(new Set(fake.flags)).toEqual(new Set([2]));
    fake.flags.length = 0;
    await open(interactive).get(corp);
    expect(new Set(fake.flags)).toEqual(new Set([0]));
  });

  it('an existing item is overwritten in place, and a vanished one made anew', async () => {
    fake.on('CreateItem', body(sequence(objectPath, objectPath), ['/new', '/']));
    await open().set(corp, new Secret('x'));
    expect(fake.calls).not.toContain('CreateItem');
    fake.on('SetSecret', refusal(noSuchObject));
    await open().set(corp, new Secret('x'));
    expect(fake.calls).toContain('CreateItem');
  });

  it('an item that is deleted between the search and the read is absent; one that is never given is an error', async () => {
    fake.on('GetSecrets', refusal(noSuchObject));
    fake.on('SearchItems', inTurn(found(['/item'], []), found([], [])));
    expect(await open().get(corp)).toBeUndefined();
    fake.on('GetSecrets', body(sequence(pathDict(secret)), [new Map()]));
    fake.on('SearchItems', found(['/item'], []));
    expect(await failureOf(open().get(corp))).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('does not give it'),
    });
  });

  it('an item of the default keyring is read in two turns, without asking every keyring', async () => {
    fake.on('/org/freedesktop/secrets/aliases/default SearchItems', body(sequence(paths), [['/item']]));
    fake.on('SearchItems', refusal('test.NotAsked'));
    expect((await open().get(corp))?.reveal()).toBe('value');
    expect(fake.calls).toEqual(['SearchItems', 'Get', 'OpenSession', 'GetSecrets']);
  });

  it('an item of another keyring is found too', async () => {
    fake.on('/org/freedesktop/secrets/aliases/default SearchItems', body(sequence(paths), [[]]));
    expect((await open().get(corp))?.reveal()).toBe('value');
  });

  it('a locked keyring is not read, even where it would list and give its items', async () => {
    fake.on('/org/freedesktop/secrets/aliases/default SearchItems', body(sequence(paths), [['/item']]));
    fake.on('Get', property(true));
    fake.on('Unlock', body(sequence(paths, objectPath), [[], '/prompt']));
    expect(await failureOf(open().get(corp))).toMatchObject({ code: 'store-locked' });
    expect(fake.calls).not.toContain('GetSecrets');
  });

  it('delete removes every twin of an item, and is false when others were faster', async () => {
    fake.on('SearchItems', found(['/a', '/b'], []));
    expect(await open().delete(corp)).toBe(true);
    expect(fake.calls.filter((call) => call === 'Delete')).toHaveLength(2);
    fake.on('Delete', refusal('org.freedesktop.DBus.Error.UnknownMethod'));
    expect(await open().delete(corp)).toBe(false);
  });
});

describe('the Secret Service store: sessions', () => {
  it('a service that refuses plain sessions is offered an encrypted one', async () => {
    const offers: string[] = [];
    fake.on('OpenSession', (call) => {
      const [algorithm] = decodeBody(call, sequence(string, variant));
      offers.push(algorithm);
      if (algorithm === 'plain') return refusal('org.freedesktop.DBus.Error.NotSupported');
      const group = getDiffieHellman('modp2');
      return body(sequence(variant, objectPath), [{ type: 'ay', value: group.generateKeys() }, '/session']);
    });
    const failure = await failureOf(open().get(corp));
    expect(offers).toEqual(['plain', 'dh-ietf1024-sha256-aes128-cbc-pkcs7']);
    // What the service sends is not encrypted with the key that both have now.
    expect(failure).toMatchObject({ code: 'store-unavailable', message: expect.stringContaining('does not open') });
  });

  it('a service whose half of the key exchange is nonsense is an error', async () => {
    const nonsense: readonly Answer[] = [
      body(sequence(variant, objectPath), [{ type: 's', value: 'no key' }, '/session']),
      body(sequence(variant, objectPath), [{ type: 'ay', value: Buffer.alloc(0) }, '/session']),
      body(sequence(variant, objectPath), [{ type: 'ay', value: Buffer.alloc(128, 0xff) }, '/session']),
    ];
    for (const answer of nonsense) {
      fake.on('OpenSession', inTurn(refusal('org.freedesktop.DBus.Error.NotSupported'), answer));
      expect(await failureOf(open().get(corp))).toMatchObject({ code: 'store-unavailable' });
    }
  });

  it('two halves of the key exchange agree', () => {
    for (let round = 0; round < 5; round++) {
      const [ours, theirs] = [startKeyExchange(), startKeyExchange()];
      expect(ours.publicKey).toHaveLength(128);
      const [here, there] = [ours.finish(theirs.publicKey, '/s'), theirs.finish(ours.publicKey, '/s')];
      expect(there.open(here.seal(Buffer.from('secret'))).toString()).toBe('secret');
    }
  });

  it('a service that has forgotten the session is asked again, once, over a new connection', async () => {
    const store = open();
    await store.get(corp);
    fake.on('GetSecrets', inTurn(refusal('org.freedesktop.Secret.Error.NoSession'), given('/item', 'again')));
    expect((await store.get(corp))?.reveal()).toBe('again');
    expect(fake.connections()).toBe(2);
    fake.on('SetSecret', inTurn(refusal('org.freedesktop.Secret.Error.NoSession'), body(sequence(), [])));
    await store.set(corp, new Secret('x'));
    expect(fake.connections()).toBe(3);
    fake.on('GetSecrets', refusal('org.freedesktop.Secret.Error.NoSession'));
    expect(await failureOf(store.get(corp))).toMatchObject({ code: 'store-unavailable' });
    expect(fake.connections()).toBe(4);
  });

  it('a connection that died between two calls is opened again', async () => {
    const store = open();
    await store.get(corp);
    fake.hangUpAll();
    expect((await store.get(corp))?.reveal()).toBe('value');
    expect(fake.connections()).toBe(2);
  });
});

describe('the Secret Service store: locks and prompts', () => {
  beforeEach(() => {
    fake.on('Unlock', body(sequence(paths, objectPath), [[], '/prompt']));
    fake.on('Dismiss', body(sequence(), []));
  });
  const answerPrompt = (isDismissed: boolean) =>
    fake.on('/prompt Prompt', () => {
      fake.complete('/prompt', isDismissed); // before the answer: some services are as fast
      return body(sequence(), []);
    });

  it('background work dismisses the prompt and is told LOCKED', async () => {
    fake.on('Get', property(true));
    expect(await failureOf(open().get(corp))).toMatchObject({ code: 'store-locked' });
    expect(fake.calls).not.toContain('Prompt');
  });

  it('interactive work follows the prompt and gets its item', async () => {
    fake.on('Get', property(true));
    answerPrompt(false);
    expect((await open(interactive).get(corp))?.reveal()).toBe('value');
    expect(fake.calls).toContain('Prompt');
  });

  it('a dismissed prompt is LOCKED, with a hint for who sits at the screen', async () => {
    fake.on('Get', property(true));
    answerPrompt(true);
    for (const call of [(store: Store) => store.get(corp), (store: Store) => store.set(corp, new Secret('x'))]) {
      const failure = await failureOf(call(open(interactive, { WAYLAND_DISPLAY: 'wayland-0' })));
      expect(failure).toMatchObject({ code: 'store-locked', hint: expect.stringContaining('was not answered') });
    }
  });

  it('a keyring that opens without asking is opened in background work too', async () => {
    fake.on('Get', property(true));
    fake.on('Unlock', body(sequence(paths, objectPath), [['/collection'], '/']));
    expect((await open().get(corp))?.reveal()).toBe('value');
  });

  it('an item that is locked by itself is LOCKED, not absent; interactive work asks for it', async () => {
    fake.on('SearchItems', found([], ['/item']));
    expect(await failureOf(open().get(corp))).toMatchObject({ code: 'store-locked', hint: expect.stringContaining('KeePassXC') });
    answerPrompt(false);
    fake.on('SearchItems', inTurn(found([], ['/item']), found(['/item'], [])));
    expect((await open(interactive).get(corp))?.reveal()).toBe('value');
    fake.on('SearchItems', found([], ['/item']));
    expect(await failureOf(open(interactive).get(corp))).toMatchObject({ code: 'store-locked' });
  });

  it('a keyring that is locked in the middle of a call is LOCKED', async () => {
    fake.on('CreateItem', refusal(isLockedError));
    for (const member of ['GetSecrets', 'SetSecret', 'Delete', 'SearchItems']) fake.on(member, refusal(isLockedError));
    const calls = [
      (store: Store) => store.get(corp),
      (store: Store) => store.set(corp, new Secret('x')),
      (store: Store) => store.delete(corp),
    ];
    for (const call of calls) expect(await failureOf(call(open()))).toMatchObject({ code: 'store-locked' });
    fake.on('SearchItems', found([], []));
    expect(await failureOf(open().set(corp, new Secret('x')))).toMatchObject({ code: 'store-locked' });
  });

  it('a prompt for a new item is followed in background work; the deadline holds when it is not answered', async () => {
    fake.on('SearchItems', found([], []));
    fake.on('CreateItem', body(sequence(objectPath, objectPath), ['/', '/prompt']));
    answerPrompt(false);
    await open().set(corp, new Secret('x'));
    fake.on('/prompt Prompt', body(sequence(), []));
    const startedAt = performance.now();
    const failure = await failureOf(open({ ...brisk, deadlineMs: 200 }).set(corp, new Secret('x')));
    expect(failure).toMatchObject({ code: 'store-unavailable', message: expect.stringContaining('0.2 s') });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('the Secret Service store: a service that answers badly', () => {
  it('a refusal to store is "rejected", with its own words on one line', async () => {
    fake.on('SetSecret', refusal('org.freedesktop.DBus.Error.Failed', 'no space\nleft \u001b[31mon device'));
    const failure = await failureOf(open().set(corp, new Secret('x')));
    expect(failure).toMatchObject({ code: 'store-rejected', message: expect.stringMatching(/no space left .*Error\.Failed/) });
    expect(failure).toMatchObject({ message: expect.stringMatching(/^\P{Cc}+$/u) });
  });

  it('errors, wrong types, garbage, silence and hanging up are "unavailable", with a hint, in time', async () => {
    const faults: readonly Answer[] = [
      refusal('org.freedesktop.DBus.Error.AccessDenied', 'not for you'),
      refusal('org.freedesktop.DBus.Error.NoReply'),
      body(sequence(boolean), [true]),
      { kind: 'raw', bytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') },
      { kind: 'hangUp' },
      { kind: 'silence' },
    ];
    for (const fault of faults) {
      for (const member of ['Get', 'OpenSession', 'SearchItems', 'GetSecrets']) {
        const usual = {
          Get: property(false),
          OpenSession: session(),
          SearchItems: found(['/item'], []),
          GetSecrets: given('/item', 'v'),
        };
        for (const [name, answer] of Object.entries(usual)) fake.on(name, name === member ? fault : answer);
        const failure = await failureOf(open({ ...brisk, deadlineMs: 200 }).get(corp));
        expect([fault, member, failure]).toMatchObject([
          fault,
          member,
          { code: 'store-unavailable', hint: expect.stringMatching(/^\P{Cc}+$/u) },
        ]);
      }
    }
  });

  it('a store that is closed in the middle of a call ends that call', async () => {
    fake.on('GetSecrets', { kind: 'silence' });
    const store = open();
    const failing = failureOf(store.get(corp));
    while (!fake.calls.includes('GetSecrets')) await new Promise((resolve) => setImmediate(resolve));
    await store.close();
    expect(await failing).toMatchObject({ code: 'store-unavailable' });
    fake.on('GetSecrets', given('/item', 'value'));
    expect((await store.get(corp))?.reveal()).toBe('value');
  });
});

function session(): Answer {
  return body(sequence(variant, objectPath), [{ type: 's', value: '' }, '/session']);
}
