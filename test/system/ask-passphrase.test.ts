import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/credentials/secret.ts';
import type { Terminal } from '../../src/ports/person.ts';
import { askPassphrase } from '../../src/system/ask-passphrase.ts';

/** Gives these answers to hidden questions, in this order, and throws on any other question. */
function terminalThatSays(...answers: readonly string[]): Terminal & { readonly shown: readonly string[] } {
  const left = [...answers];
  const shown: string[] = [];
  const unexpected = () => Promise.reject(new Error('only hidden questions are expected'));
  return {
    isInteractive: true,
    shown,
    say: (line) => void shown.push(line),
    askHidden: async (question) => {
      shown.push(question);
      const answer = left.shift();
      if (answer === undefined) throw new Error(`one question too many: ${question}`);
      return new Secret(answer);
    },
    ...{ ask: unexpected, confirm: unexpected, choose: unexpected },
  };
}

describe('askPassphrase', () => {
  it('asks once for a passphrase that was chosen before', async () => {
    const terminal = terminalThatSays('pass');
    expect((await askPassphrase(terminal, 'open')).reveal()).toBe('pass');
    expect(terminal.shown).toHaveLength(1);
  });

  it('asks twice for a new one', async () => {
    const terminal = terminalThatSays('password', 'password');
    expect((await askPassphrase(terminal, 'choose')).reveal()).toBe('password');
    expect(terminal.shown).toHaveLength(2);
  });

  it('starts again when the two differ, and says so', async () => {
    const terminal = terminalThatSays('password', 'passworD', 'wordpass', 'wordpass');
    expect((await askPassphrase(terminal, 'choose')).reveal()).toBe('wordpass');
    expect(terminal.shown[2]).toMatch(/differ/);
  });

  it('says that the passphrase was wrong when it asks again', async () => {
    const terminal = terminalThatSays('pass');
    expect((await askPassphrase(terminal, 'again')).reveal()).toBe('pass');
    expect(terminal.shown[0]).toBe('The passphrase is wrong. Once more:');
  });

  it('refuses a new one under eight characters, and says why', async () => {
    const terminal = terminalThatSays('äöüäöüä', 'password', 'password');
    expect((await askPassphrase(terminal, 'choose')).reveal()).toBe('password');
    expect(terminal.shown[1]).toMatch(/^Too short: .* under 8 characters/);
  });

  it('takes no empty answer', async () => {
    expect((await askPassphrase(terminalThatSays('', '', 'pass'), 'open')).reveal()).toBe('pass');
    expect((await askPassphrase(terminalThatSays('', 'password', 'password'), 'choose')).reveal()).toBe('password');
  });

  it('lets Ctrl-C through', async () => {
    await expect(askPassphrase(terminalThatSays(), 'open')).rejects.toThrow('one question too many');
  });
});
