// Faults of a machine, one at a time: how each is planted on a sound one, what `doctor` is to say, and what mends it.

import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { dirname, join } from 'node:path';
import { sha256Hex } from '../../src/credentials/digest.ts';
import type { CheckName } from '../../src/doctor/finding.ts';
import { startFakeAgent } from './fake-agent.ts';
import {
  accessKeyId,
  machineState,
  mfaSerial,
  program,
  roleArn,
  rolePair,
  secretAccessKey,
  succeed,
  type World,
} from './world.ts';

export interface PlantedFault {
  readonly name: string;
  readonly check: CheckName;
  readonly what: RegExp;
  /** The command that mends it, as it is printed. */
  readonly mend: RegExp;
  /** Returns what takes away what lies outside the home. */
  readonly plant: (world: World) => void | Promise<void | (() => Promise<void>)>;
  /** Of the person who runs doctor. */
  readonly env?: (world: World) => Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** What the person does in the editor that the command opens: sed's commands, in which @ is the line that it opens at. */
  readonly typed?: (world: World) => string;
  /** What the person answers, or adds, to the command. */
  readonly added?: (world: World) => string;
  /** Why the command cannot be run in a test. */
  readonly notRun?: string;
}

const keysLines = `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
const yes = () => ' --yes';
const deletion = () => '@d';

function change(world: World, from: string, to: string): void {
  if (!world.readConfig().includes(from)) throw new Error(`the config has no ${from}`);
  world.writeConfig(world.readConfig().replace(from, to));
}

function addConfig(world: World, text: string): void {
  world.writeConfig(world.readConfig() + text);
}

/** Ops is run through another program, of rolekeeper's name. */
function plantProgram(world: World, text: string, mode = 0o755): void {
  const path = join(world.home, 'rolekeeper');
  writeFileSync(path, text, { mode });
  change(world, `${program} get ops`, `${path} get ops`);
}

function plantCache(world: World, kind: string): void {
  const cache = join(dirname(world.configPath), kind, 'cache');
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, 'abc.json'), '{}');
}

function keysItem({ home }: World): string {
  const directory = join(home, 'state', 'rolekeeper', 'age');
  const [item] = readdirSync(directory).filter((name) => name.startsWith('keys%2fcorp'));
  if (item === undefined) throw new Error('there is no item of keys');
  return join(directory, item);
}

function plantRotation(world: World, times: object): void {
  const record = { v: 1, oldAccessKeyId: accessKeyId, ...times };
  writeFileSync(join(machineState(world), `rotation-${sha256Hex('corp').slice(0, 16)}.json`), JSON.stringify(record));
}

function takeRotationBack({ sts }: World): void {
  for (const { accessKeyId: id } of sts.accessKeys('alice')) if (id !== accessKeyId) sts.revoke(id);
  sts.setAccessKey(accessKeyId, true);
}

/** The role of dev has ended, and its recipe is another one now. */
async function plantEndedRole(world: World): Promise<void> {
  await succeed(world.rolekeeper(['get', 'dev']));
  change(world, `role_arn = ${roleArn('Dev')}`, `role_arn = ${roleArn('Open')}`);
  for (const name of readdirSync(machineState(world)).filter((file) => /^[0-9a-f]{32}\.json$/.test(file))) {
    const path = join(machineState(world), name);
    const record = JSON.parse(readFileSync(path, 'utf8'));
    if (record.kind === 'role' && record.profile === 'dev')
      writeFileSync(path, JSON.stringify({ ...record, issuedAt: 1, expiresAt: 2 }));
  }
}

async function plantOtherAgent({ home }: World): Promise<() => Promise<void>> {
  const facts = { uptimeSeconds: 60, socket: 's', callers: 1, cached: 0, refreshing: 0, planned: 2 };
  const body = JSON.stringify({ v: 1, pid: 7, version: '9.9.9', ...facts });
  // Whoever asks for credentials gets no answer, and goes the slow way.
  const other = await startFakeAgent(join(home, 'other-run'), ({ request, end }) =>
    request.fields.includes('status') ? end(`!rolekeeper 1 exit 0 ${body.length}\n${body}`) : end(),
  );
  return other.close;
}

async function plantOpenSocket({ home }: World): Promise<() => Promise<void>> {
  const other = await startFakeAgent(join(home, 'other-run'), ({ end }) => end());
  chmodSync(join(home, 'other-run'), 0o755);
  return other.close;
}

const otherRun = ({ home }: World) => ({ ROLEKEEPER_RUNTIME_DIR: join(home, 'other-run') });

const lineFaults: readonly PlantedFault[] = [
  {
    name: 'a line whose program is gone',
    check: 'process-line',
    what: /"ops".*cannot be started/,
    mend: /^rolekeeper doctor --fix$/,
    plant: (world) => change(world, `${program} get ops`, '/nowhere/rolekeeper get ops'),
  },
  {
    name: 'a line that only works with the right PATH',
    check: 'process-line',
    what: /is no absolute path/,
    mend: /^rolekeeper doctor --fix$/,
    plant: (world) => change(world, `${program} get ops`, 'rolekeeper get ops'),
  },
  {
    name: 'a line that a shell reads in another way than boto3',
    check: 'process-line',
    what: /has the character ~/,
    mend: /^rolekeeper doctor --fix$/,
    plant: (world) => {
      symlinkSync(program, join(world.home, 'rolekeeper'));
      change(world, `${program} get ops`, '~/rolekeeper get ops');
    },
  },
  {
    name: 'a line in quotes, which Terraform takes away',
    check: 'process-line',
    what: /begins and ends with a quote/,
    mend: /^rolekeeper doctor --fix$/,
    plant: (world) => change(world, `${program} get ops`, `"${program}" get "ops"`),
  },
  {
    name: 'a program that may not be run',
    check: 'process-line',
    what: /boto3 run it, cannot be started/,
    mend: /^rolekeeper doctor --fix$/,
    plant: (world) => plantProgram(world, '#!/bin/sh\n', 0o644),
  },
  {
    name: 'a line that takes longer than the SDK of Rust waits',
    check: 'process-line',
    what: /takes more than 4 s/,
    mend: /^rolekeeper doctor --fix$/,
    plant: (world) => plantProgram(world, '#!/bin/sh\nexec sleep 30\n'),
  },
  {
    name: 'a line that prints more than the SDK of Java takes',
    check: 'process-line',
    what: /prints more than 64000 bytes/,
    mend: /^rolekeeper doctor --fix$/,
    plant: (world) => plantProgram(world, '#!/bin/sh\nexec yes\n'),
  },
  {
    name: 'a line that prints something else',
    check: 'process-line',
    what: /prints something else than credentials/,
    mend: /^rolekeeper doctor --fix$/,
    plant: (world) => plantProgram(world, '#!/bin/sh\necho hello\n'),
  },
  {
    name: 'a line that also writes to stderr',
    check: 'process-line',
    what: /writes to stderr though it works/,
    mend: /^rolekeeper doctor --fix$/,
    plant: (world) => plantProgram(world, `#!/bin/sh\necho note >&2\nexec ${program} "$@"\n`),
  },
  {
    name: 'a profile that has lost its line',
    check: 'process-line',
    what: /\[profile ops\] has no credential_process/,
    mend: /^rolekeeper doctor --fix$/,
    plant: (world) => change(world, `credential_process = ${program} get ops\n`, ''),
  },
  {
    name: 'a line that asks for another profile',
    check: 'process-line',
    what: /"ops" asks for "dev", though \[rolekeeper ops\] has a recipe/,
    mend: /credential_process = .*rolekeeper get ops$/,
    plant: (world) => change(world, `${program} get ops`, `${program} get dev`),
    typed: () => '@s/get dev/get ops/',
  },
  {
    name: "another program's line over a recipe",
    check: 'process-line',
    what: /"ops" runs another program/,
    mend: /credential_process = .*rolekeeper get ops$/,
    plant: (world) => change(world, `${program} get ops`, '/usr/bin/aws-vault export ops'),
    typed: () => `@s|=.*|= ${program} get ops|`,
  },
  {
    name: 'a login that is needed',
    check: 'process-line',
    what: /^3 profiles wait for a login: corp, dev, ops$/,
    mend: /^rolekeeper login corp$/,
    plant: async (world) => void (await succeed(world.rolekeeper(['logout', '--all']))),
    added: ({ sts }) => ` --code ${sts.totp('alice')}`,
  },
];

const keysFaults: readonly PlantedFault[] = [
  {
    name: 'keys in the credentials file that win over the line',
    check: 'winning-keys',
    what: /keys of "dev" in .*credentials:2 win/,
    mend: /EDITOR:-vi\} \+2 .*credentials {4}# remove the keys$/,
    plant: (world) => world.writeCredentials(`[dev]\n${keysLines}`),
    typed: () => '@d;/^aws_secret_access_key/d',
  },
  {
    name: 'keys in the config file that win over the line',
    check: 'winning-keys',
    what: /keys of "dev" in .*config:\d+ win/,
    mend: /config {4}# remove the keys$/,
    plant: (world) => change(world, '[profile dev]\n', `[profile dev]\n${keysLines}`),
    typed: () => '@d;/^aws_secret_access_key/d',
  },
  {
    name: 'keys in the environment that win over every profile',
    check: 'winning-keys',
    what: /^AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY are set in the environment$/,
    mend: /^unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY$/,
    plant: () => undefined,
    env: () => ({ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }),
  },
  {
    name: 'plaintext keys',
    check: 'plaintext',
    what: /^keys of "old" in plaintext in .*credentials:2$/,
    mend: /^rolekeeper import old$/,
    plant: (world) => {
      world.writeCredentials(`[old]\n${keysLines}`);
      addConfig(world, `[profile old]\nregion = eu-west-1\nendpoint_url = $STS\nmfa_serial = ${mfaSerial}\n`);
    },
    added: yes,
  },
  {
    name: 'temporary plaintext keys that somebody exported',
    check: 'plaintext',
    what: /^temporary keys of "old" in plaintext/,
    mend: /# remove the keys$/,
    plant: (world) => world.writeCredentials(`[old]\n${keysLines}aws_session_token = abc\n`),
    typed: () => '@d;/^aws_/d',
  },
];

const fileFaults: readonly PlantedFault[] = [
  {
    name: 'a role beside its line',
    check: 'mixed-profiles',
    what: /role_arn \(line \d+\), source_profile \(line \d+\) beside credential_process/,
    mend: /^rolekeeper adopt open$/,
    plant: (world) =>
      addConfig(
        world,
        `[profile open]\nregion = eu-west-1\nendpoint_url = $STS\ncredential_process = ${program} get open\nrole_arn = ${roleArn('Open')}\nsource_profile = corp\n`,
      ),
    added: yes,
  },
  {
    name: 'a line of a role left beside its recipe',
    check: 'mixed-profiles',
    what: /\[profile dev\] has mfa_serial \(line \d+\) beside credential_process/,
    mend: /# remove these lines: \[rolekeeper dev\] has the recipe$/,
    plant: (world) => change(world, '[profile dev]\n', `[profile dev]\nmfa_serial = ${mfaSerial}\n`),
    typed: deletion,
  },
  ...(['cli', 'sso', 'login'] as const).map(
    (kind): PlantedFault => ({
      name: `the cache of ${kind}`,
      check: 'sdk-caches',
      what: new RegExp(`${kind}/cache holds .* in plaintext \\(1 file\\)$`),
      mend: /rm -r \S+\/cache$/,
      plant: (world) => plantCache(world, kind),
    }),
  ),
  {
    name: 'a config that others may change',
    check: 'file-modes',
    what: /other users may change .*config \(mode 0666\)/,
    mend: /^chmod 0600 /,
    plant: (world) => chmodSync(world.configPath, 0o666),
  },
  {
    name: 'a credentials file that others may read',
    check: 'file-modes',
    what: /other users may read .*credentials \(mode 0644\)/,
    mend: /^chmod 0600 /,
    plant: (world) => {
      world.writeCredentials('');
      chmodSync(world.credentialsPath, 0o644);
    },
  },
  {
    name: 'an ~/.aws that others may write to',
    check: 'file-modes',
    what: /other users may change .*\.aws \(mode 0777\)/,
    mend: /^chmod 0755 /,
    plant: (world) => chmodSync(dirname(world.configPath), 0o777),
  },
  {
    name: 'a byte order mark',
    check: 'config-files',
    what: /begins with a byte order mark$/,
    mend: /tail -c \+4/,
    plant: (world) => world.writeConfig(`\ufeff${world.readConfig()}`),
  },
  {
    name: 'line ends of Windows',
    check: 'config-files',
    what: /has line ends of Windows$/,
    mend: /tr -d/,
    plant: (world) => world.writeConfig(world.readConfig().replaceAll('\n', '\r\n')),
  },
  {
    name: 'a config that nobody can read',
    check: 'config-files',
    what: /config:\d+/,
    mend: /EDITOR/,
    plant: (world) => addConfig(world, '[profile open\n'),
    typed: deletion,
  },
];

const recipeFaults: readonly PlantedFault[] = (
  [
    ['a circle', { role_arn: roleArn('Dev'), source_profile: 'bad' }, /circle/],
    [
      'a passkey',
      { role_arn: roleArn('Dev'), source_profile: 'corp', mfa_serial: 'arn:aws:iam::123456789012:u2f/user/a/k' },
      /passkey/,
    ],
    ['a source that is not there', { role_arn: roleArn('Dev'), source_profile: 'nobody' }, /does not exist/],
    ['no source', { role_arn: roleArn('Dev') }, /role_arn but no source_profile/],
    ['an ARN that is none', { role_arn: 'Dev', source_profile: 'corp' }, /role_arn: /],
    [
      'a misspelt setting',
      { role_arn: roleArn('Open'), source_profile: 'corp', externalid: 'x' },
      /"externalid" in \[rolekeeper bad\] is no setting/,
    ],
    [
      'credentials of 900 s',
      { role_arn: roleArn('Open'), source_profile: 'corp', duration_seconds: '900' },
      /asks for credentials of 900 s/,
    ],
    [
      'two hours behind another role',
      { role_arn: roleArn('Far'), source_profile: 'ops', duration_seconds: '7200' },
      /asks for 7200 s and gets 3600/,
    ],
  ] as const
).map(
  ([name, settings, what]): PlantedFault => ({
    name: `a recipe with ${name}`,
    check: 'recipes',
    what,
    mend: /^\$\{EDITOR:-vi\} \+\d+ /,
    plant: (world) => addConfig(world, rolePair('bad', settings)),
    typed: () => '/^\\[profile bad\\]/,$d',
  }),
);

const storeFaults: readonly PlantedFault[] = [
  {
    name: 'a store whose key file others may read',
    check: 'store',
    what: /others may read its key file/,
    mend: /^chmod 600 /,
    plant: ({ home }) => chmodSync(join(home, 'age-key.txt'), 0o644),
  },
  {
    name: 'a store whose key file is gone',
    check: 'store',
    what: /gone\.txt cannot be read/,
    mend: /put the key back/,
    plant: () => undefined,
    env: ({ home }) => ({ ROLEKEEPER_AGE_KEY_FILE: join(home, 'gone.txt') }),
    notRun: 'it is advice: nobody else has the key',
  },
  {
    name: 'credentials that ended, of a recipe that is no more',
    check: 'unused-items',
    what: /item role\/[0-9a-f]{32} has ended/,
    mend: /^rolekeeper doctor --fix$/,
    plant: plantEndedRole,
  },
  {
    name: 'keys that no profile uses',
    check: 'unused-items',
    what: /access keys "corp", and no profile uses them/,
    mend: /^rolekeeper forget-keys corp$/,
    added: yes,
    plant: (world) => world.writeConfig(''),
  },
];

/** The last ones: AWS does not give the old key back. */
const rotationFaults: readonly PlantedFault[] = [
  {
    name: 'a rotation that was interrupted',
    check: 'rotations',
    what: /a rotation of the keys "corp" was interrupted/,
    mend: /^rolekeeper rotate corp$/,
    plant: async (world) => {
      plantRotation(world, { startedAt: Date.now() - 2 * 3_600_000 });
      return () => Promise.resolve(takeRotationBack(world));
    },
    added: yes,
  },
  {
    name: 'an old key that nobody deleted',
    check: 'rotations',
    what: new RegExp(`the old key ${accessKeyId} of "corp" should be deleted by now`),
    mend: /^rolekeeper rotate corp --finish$/,
    plant: async (world) => {
      await succeed(world.rolekeeper(['rotate', 'corp', '--yes']));
      // As if AWS had just refused: the agent, which rotate woke, leaves such a key alone for an hour.
      plantRotation(world, { startedAt: 1, deleteAt: Date.now() - 48 * 3_600_000, triedAt: Date.now() });
    },
    added: yes,
  },
];

const surroundingFaults: readonly PlantedFault[] = [
  {
    name: 'an agent of another version',
    check: 'agent',
    what: /version 9\.9\.9/,
    mend: /^rolekeeper agent restart$/,
    plant: plantOtherAgent,
    env: otherRun,
    notRun: 'the other agent is none that could be restarted',
  },
  {
    name: 'a socket in a directory that others can enter',
    check: 'agent',
    what: /lies in a directory that others can enter/,
    mend: /^chmod 700 \S+ && rolekeeper agent restart$/,
    plant: plantOpenSocket,
    env: otherRun,
    notRun: 'as above',
  },
  {
    name: 'a service whose program is gone',
    check: 'service',
    what: /\/nowhere\/rolekeeper, which is gone/,
    mend: /^rolekeeper install$/,
    plant: ({ home }) => {
      const path = join(home, 'autostart.desktop');
      writeFileSync(path, 'ours');
      const files = [{ path, texts: ['ours'] }];
      const record = { v: 1, kind: 'xdg-autostart', mode: 'agent', files, directories: [], program: ['/nowhere/rolekeeper'] };
      writeFileSync(join(home, 'state', 'rolekeeper', 'service.json'), JSON.stringify(record), { mode: 0o600 });
    },
    notRun: 'it depends on what services this system has',
  },
  {
    name: 'a clock that is off',
    check: 'clock',
    what: /(600|599|601) s ahead of AWS/,
    mend: /timedatectl/,
    plant: (world) => {
      const anchor = { v: 1, wallMs: Date.now(), uptimeMs: uptime() * 1000, awsMs: Date.now() - 600_000 };
      writeFileSync(join(machineState(world), 'clock.json'), JSON.stringify(anchor), { mode: 0o600 });
    },
    notRun: 'it sets the clock of the whole machine',
  },
  {
    name: 'keys that AWS does not know any more',
    check: 'sts',
    what: /keys "corp": .*does not know this access key/,
    mend: /^rolekeeper add corp$/,
    plant: ({ sts }) => {
      sts.setAccessKey(accessKeyId, false);
      return Promise.resolve(async () => sts.setAccessKey(accessKeyId, true));
    },
    args: ['--online'],
    notRun: 'it is advice: only AWS can bring the key back',
  },
  {
    name: 'keys in the store that are damaged',
    check: 'process-line',
    what: /"bare", as the AWS CLI and boto3 run it, ends with status 5$/,
    mend: /^rolekeeper add corp$/,
    plant: (world) => {
      addConfig(world, `\n${rolePair('bare', { keys: 'corp', session: 'none' })}`);
      truncateSync(keysItem(world), 40);
    },
    notRun: 'the keys have to be typed again',
  },
];

export const plantedFaults: readonly PlantedFault[] = [
  ...lineFaults,
  ...keysFaults,
  ...fileFaults,
  ...recipeFaults,
  ...storeFaults,
  ...surroundingFaults,
  ...rotationFaults,
];
