// The settings of IAM Identity Center, compared with what botocore makes of them.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IdentityCenterHop } from '../../src/config/entry-hop.ts';
import { recipeFrom } from './recipe-from.ts';

function hopOf(config: string): IdentityCenterHop {
  const [hop] = recipeFrom(config).hops;
  if (hop?.kind !== 'identity-center') throw new Error(`it starts with ${hop?.kind ?? 'nothing'}`);
  return hop;
}

describe('readIdentityCenter', () => {
  it('reads and refuses 600 generated profiles as botocore does', { timeout: 60_000 }, () => {
    const texts = fc.sample(configs, { numRuns: 600, seed: 7 });
    const answers = askBotocore(texts);
    let read = 0;
    for (const [index, text] of texts.entries()) {
      const theirs = answers[index];
      if (theirs?.settings === undefined || theirs.settings === null) {
        expect(() => hopOf(text), text).toThrow();
        continue;
      }
      const { accountId, roleName, signIn } = hopOf(text);
      const { sessionName, startUrl, oidc } = signIn;
      expect({ accountId, roleName, sessionName, startUrl, region: oidc.region }, text).toEqual({
        accountId: theirs.settings['sso_account_id'],
        roleName: theirs.settings['sso_role_name'],
        sessionName: theirs.settings['sso_session'],
        startUrl: theirs.settings['sso_start_url'],
        region: theirs.settings['sso_region'],
      });
      read += 1;
    }
    expect(read).toBeGreaterThan(100);
    expect(read).toBeLessThan(500);
  });
});

const lines = (keys: Readonly<Record<string, readonly string[]>>) =>
  fc
    .tuple(
      ...Object.entries(keys).map(([key, values]) =>
        fc
          .option(fc.constantFrom(...values), { nil: undefined, freq: 8 })
          .map((value) => (value === undefined ? '' : `${key} = ${value}\n`)),
      ),
    )
    .map((all) => all.join(''));

const place = {
  sso_start_url: ['https://corp.awsapps.com/start', 'https://corp.awsapps.com/start', 'https://other.awsapps.com/start'],
  sso_region: ['eu-west-1', 'eu-west-1', 'us-east-1'],
};

const configs = fc
  .record({
    session: lines({ ...place, region: ['eu-west-1'] }),
    profile: lines({
      sso_account_id: ['222233334444'],
      sso_role_name: ['Admin', 'ReadOnly'],
      region: ['eu-west-1', 'us-east-1'],
    }),
    named: fc.constantFrom('', 'sso_session = corp\n', 'sso_session = corp\n', 'sso_session = gone\n'),
    own: fc.oneof(fc.constant(''), lines(place)),
  })
  .map(({ session, profile, named, own }) => `[sso-session corp]\n${session}\n[profile dev]\n${named}${profile}${own}`);

interface Answer {
  readonly settings?: Readonly<Record<string, string>> | null;
}

function askBotocore(texts: readonly string[]): readonly Answer[] {
  const script = fileURLToPath(new URL('sso-with-botocore.py', import.meta.url));
  const run = spawnSync('python3', [script], { input: JSON.stringify({ texts }), encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(`python3 with botocore did not answer: ${run.error?.message ?? run.stderr}`);
  const reply: { readonly answers: readonly Answer[] } = JSON.parse(run.stdout);
  return reply.answers;
}
