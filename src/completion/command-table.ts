// The command line as the shells complete it. Data only. A test compares it with --help: a new command or option needs a line here.

export interface CompletedCommand {
  readonly name: string;
  /** For the menus of zsh, fish and PowerShell. */
  readonly says: string;
  /** What comes after the command: nothing, profiles, one profile and then a program after `--`, or one of these words. */
  readonly takes: 'nothing' | 'profile' | 'profiles' | 'program' | readonly string[];
  readonly options: readonly CompletedOption[];
}

export interface CompletedOption {
  readonly name: string;
  readonly says: string;
  /** What comes after the option: nothing, a text that nobody can guess, or one of these words. */
  readonly value: 'nothing' | 'text' | readonly string[];
}

export const completionShells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type CompletionShell = (typeof completionShells)[number];

/** Known to every command. */
export const everywhere: readonly CompletedOption[] = [
  flag('debug', 'tell what happens, one line per event'),
  flag('help', 'show the help'),
  flag('version', 'show the version'),
];

const dryRun = flag('dry-run', 'show the changes and make none');
const yes = flag('yes', 'ask nothing');
const keys = text('keys', 'name of the keys in the store');

export const commandTable: readonly CompletedCommand[] = [
  command('get', 'print credentials for a credential_process', 'profile', flag('interactive', 'may ask for the MFA code')),
  command(
    'login',
    'sign in, or spend one MFA code on a session',
    'profile',
    text('code', 'the six digits'),
    text('sso-session', 'a section instead of a profile'),
    flag('device-code', 'sign in with a code on any device'),
    flag('no-browser', 'print the address only'),
  ),
  command('mfa-secret', 'keep the secret of an MFA device', 'profile', flag('remove', 'take it out of the store'), yes),
  command(
    'sso',
    'accounts and roles of IAM Identity Center',
    ['accounts', 'populate'],
    text('profile', 'a profile that starts from there'),
    text('sso-session', 'a section instead of a profile'),
    text('account', 'only this account'),
    text('role', 'only this role'),
    flag('all', 'every role that you have'),
    text('template', 'how profiles are called'),
    text('prefix', 'what their names begin with'),
    text('region', 'the region of the profiles'),
    flag('json', 'one JSON document'),
    dryRun,
    yes,
  ),
  command('logout', 'forget a session and its roles', 'profile', flag('all', 'of every profile')),
  command('unlock', 'open the age store with its passphrase', 'nothing'),
  command('lock', 'have the agent forget what unlock opened', 'nothing'),
  command('passphrase', "keep the passphrase of a certificate's key", 'profile', flag('forget', 'take it out of the store')),
  command(
    'refresh',
    'run AssumeRole for what is due',
    'profiles',
    flag('due', 'only what is due'),
    flag('force', 'what is not due as well'),
    flag('quiet', 'say nothing'),
  ),
  command(
    'setup',
    'the guided first run',
    'nothing',
    text('profile', 'only this role, or these keys'),
    text('prove', 'the profile that is tried in the end'),
    text('access-key-id', 'of keys that are in no file'),
    text('region', 'of the profile of such keys'),
    text('mfa-serial', "the ARN of the user's MFA device, or none"),
    { name: 'store', says: 'where the keys go', value: ['keychain', 'age'] },
    text('age-key-file', 'the key of encrypted files'),
    text('code', 'the six digits'),
    flag('no-install', 'no background service'),
    dryRun,
    yes,
  ),
  command(
    'import',
    'move long-term keys from a file into the store',
    'profile',
    keys,
    flag('keep', 'leave the plaintext keys in the file'),
    flag('undo', 'put the files back as they were'),
    dryRun,
    yes,
  ),
  command(
    'add',
    'put long-term keys that you type into the store',
    'profile',
    keys,
    text('access-key-id', 'the key id'),
    text('mfa-serial', "the ARN of the user's MFA device"),
    text('region', 'the region of the profile'),
    flag('undo', 'put the files back as they were'),
    dryRun,
    yes,
  ),
  command(
    'adopt',
    'put ordinary role profiles on rolekeeper',
    'profiles',
    flag('all', 'every role profile that can be'),
    text('alias', 'add PROFILE-ALIAS instead'),
    dryRun,
    yes,
  ),
  command(
    'release',
    'take profiles off rolekeeper again',
    'profiles',
    flag('all', 'every profile that is on rolekeeper'),
    dryRun,
    yes,
  ),
  command(
    'forget-keys',
    'take one set of keys out of the store',
    'profile',
    flag('abandon-rotation', 'also while a rotation is under way'),
    dryRun,
    yes,
  ),
  command(
    'rotate',
    'a new access key for the user of a profile',
    'profile',
    text('delete-after', 'days that the old key is kept'),
    flag('delete', 'delete the old key at once'),
    flag('finish', 'end a rotation that is under way'),
    dryRun,
    yes,
  ),
  command(
    'status',
    'what is cached, what failed, what is next',
    'profile',
    flag('json', 'one JSON document'),
    flag('watch', 'draw it anew until Ctrl-C'),
    flag('prompt', "a short piece for a shell's prompt"),
  ),
  command(
    'log',
    'who was given which credentials',
    'profile',
    text('program', 'only what this program asked for'),
    text('since', '30m, 2h, 3d, or a date'),
    flag('failed', 'only what was refused'),
    flag('json', 'the lines as they are'),
    flag('follow', 'go on with what comes'),
  ),
  command('explain', 'where a profile comes from, hop by hop', 'profile', flag('json', 'one JSON document')),
  command(
    'doctor',
    'what is wrong here, and what mends it',
    'nothing',
    flag('json', 'one JSON document'),
    flag('fix', 'mend what can be mended without harm'),
    flag('online', 'ask STS as well'),
  ),
  command('exec', 'run a program with credentials in its environment', 'program'),
  command('env', 'print credentials for a shell', 'profile', {
    name: 'shell',
    says: 'whose syntax',
    value: ['sh', 'bash', 'zsh', 'fish', 'powershell', 'dotenv'],
  }),
  command(
    'agent',
    'the resident process',
    ['run', 'start', 'stop', 'restart', 'status'],
    flag('json', 'with status: one JSON document'),
    flag('until-idle', 'with run: leave when there is nothing to do'),
  ),
  command('install', 'set up the background service', 'nothing', flag('timer', 'a timer instead of an agent'), dryRun, yes),
  command(
    'uninstall',
    'remove the background service',
    'nothing',
    flag('purge', 'the store and the state as well'),
    flag('delete-keys', 'with --purge: long-term keys too'),
    flag('lose-keys', 'with --delete-keys: those too that no file gets back'),
    dryRun,
    yes,
  ),
  command('completion', 'print a script that completes this command line', completionShells),
  command('demo', 'show a whole day in a sandbox', 'nothing', flag('fast', 'without the pauses')),
];

function command(
  name: string,
  says: string,
  takes: CompletedCommand['takes'],
  ...options: readonly CompletedOption[]
): CompletedCommand {
  return { name, says, takes, options };
}

function flag(name: string, says: string): CompletedOption {
  return { name, says, value: 'nothing' };
}

function text(name: string, says: string): CompletedOption {
  return { name, says, value: 'text' };
}
