# What botocore makes of a profile: reads a line of JSON for each case, {"profile", "env", "codes"}, and answers with a line,
# {"accessKeyId", "secretAccessKey", "sessionToken", "method"} or {"refused": "why"}. One process for all; a session of its own for each.
import json
import os
import sys

import botocore.credentials
import botocore.loaders
import botocore.session

# awscrt signs the refresh of a console sign-in. No case has one that must be refreshed, so that reading it is all there is to compare.
if botocore.credentials.EC is None:
    botocore.credentials.EC = object()

# Reading the models of the services is nearly all the time that a session takes.
loader = botocore.loaders.create_loader()


def answer(case):
    os.environ.clear()
    os.environ.update(case['env'])
    session = botocore.session.Session(profile=case['profile'])
    session.register_component('data_loader', loader)
    codes = iter(case['codes'])
    resolver = session.get_component('credential_provider')
    resolver.get_provider('assume-role')._prompter = lambda prompt: next(codes)
    found = session.get_credentials()
    if found is None:
        return {'refused': 'no credentials'}
    keys = found.get_frozen_credentials()
    return {'accessKeyId': keys.access_key, 'secretAccessKey': keys.secret_key, 'sessionToken': keys.token, 'method': found.method}


for line in sys.stdin:
    try:
        result = answer(json.loads(line))
    except Exception as error:
        result = {'refused': f'{type(error).__name__}: {error}'}
    print(json.dumps(result), flush=True)
