import { describe, expect, it } from 'vitest';
import { withNearest } from '../../src/commands/with-nearest.ts';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import type { ConfigFiles } from '../../src/config/profile-settings.ts';
import { AppError } from '../../src/errors.ts';

function files(config: string, credentials = ''): { readonly readConfig: () => ConfigFiles } {
  return { readConfig: () => ({ config: parseConfigFile(config, '/c'), credentials: parseCredentialsFile(credentials, '/k') }) };
}

const unread = {
  readConfig: (): ConfigFiles => {
    throw new Error('nobody asked for this');
  },
};

function unknown(profile: string): AppError {
  return new AppError('profile-unknown', { profile, path: '/c' });
}

describe('withNearest', () => {
  it.each([
    ['a profile', '[profile dev]\n', ''],
    ['a recipe', '[rolekeeper dev]\n', ''],
    ['keys', '', '[dev]\n'],
  ])('proposes the name of %s', async (_what, config, credentials) => {
    const failure = unknown('devv');
    const explained = await withNearest(failure, files(config, credentials));
    expect(explained).toMatchObject({
      code: 'profile-unknown',
      hint: 'did you mean "dev"?',
      message: failure.message,
      cause: failure,
    });
  });

  it('names those that there are where none is near, as long as they are few', async () => {
    const others = (count: number) => Array.from({ length: count }, (_, index) => `production-${index}`);
    const config = (count: number) =>
      others(count)
        .map((name) => `[profile ${name}]\n`)
        .join('');
    const far = unknown('devv');
    expect(await withNearest(far, files(config(1)))).toMatchObject({ hint: 'say one of: production-0', message: far.message });
    expect(await withNearest(far, files(config(8)))).toMatchObject({ hint: `say one of: ${others(8).join(', ')}` });
    expect(await withNearest(far, files(config(9)))).toBe(far);
    expect(await withNearest(far, files(''))).toBe(far);
    expect(far.hint).toBe('run `rolekeeper status`');
  });

  it('hands the failure on where a name is proposed already, or it is another failure', async () => {
    const proposed = new AppError('profile-unknown', { profile: 'devv', path: '/c', nearest: 'dev' });
    for (const failure of [proposed, new AppError('interrupted', {}), new Error('x'), 'text']) {
      expect(await withNearest(failure, unread)).toBe(failure);
    }
  });
});
