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

  it('hands the failure on where no name is near, one is proposed already, or it is another failure', async () => {
    const far = unknown('devv');
    expect(await withNearest(far, files('[profile production]\n'))).toBe(far);
    const proposed = new AppError('profile-unknown', { profile: 'devv', path: '/c', nearest: 'dev' });
    for (const failure of [proposed, new AppError('interrupted', {}), new Error('x'), 'text']) {
      expect(await withNearest(failure, unread)).toBe(failure);
    }
  });
});
