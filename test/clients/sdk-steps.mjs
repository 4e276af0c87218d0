// A long-running program on the AWS SDK for JavaScript: for each line `PROVIDER PROFILE` that it reads, one GetCallerIdentity by that
// client, which is made once. Answers each with one line of JSON.

import process from 'node:process';
import { createInterface } from 'node:readline';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { fromIni, fromNodeProviderChain, fromProcess } from '@aws-sdk/credential-providers';

const providers = {
  fromProcess: (profile) => ({ profile, credentials: fromProcess({ profile }) }),
  fromIni: (profile) => ({ profile, credentials: fromIni({ profile }) }),
  fromNodeProviderChain: (profile) => ({ profile, credentials: fromNodeProviderChain({ profile }) }),
  default: (profile) => ({ profile }),
};
const clients = new Map();

for await (const line of createInterface({ input: process.stdin })) {
  const [provider, ...words] = line.split(' ');
  const client = clients.get(line) ?? new STSClient(providers[provider](words.join(' ')));
  clients.set(line, client);
  const answer = await ask(client).catch((error) => ({ error: error.message }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function ask(client) {
  const { Arn: arn } = await client.send(new GetCallerIdentityCommand({}));
  const { accessKeyId, accountId } = await client.config.credentials();
  return { arn, accessKeyId, accountId };
}
