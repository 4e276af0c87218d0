# Reads {"files": [{"kind": "config" | "credentials", "text"}], "headers": [...]} from stdin, has botocore parse each file, and answers with
# {"answers": [{"parsed": {...}} | {"refused": "why"}], "meanings": [what load_config makes of a file with that one header]}.
# One process for all. Our own sections, which botocore passes on by their headers, are named by botocore's rule for profiles.
import json
import os
import shlex
import sys
import tempfile

import botocore.configloader as configloader
from botocore.exceptions import ConfigParseError


def with_ours(parsed):
    named = {}
    for header in [header for header in parsed if header.startswith('rolekeeper')]:
        words = shlex_words(header)
        if words == ['rolekeeper']:
            parsed['rolekeeper_settings'] = parsed.pop(header)
        elif words[:1] == ['rolekeeper'] and len(words) == 2:
            named.update(configloader._parse_section(header, parsed.pop(header)))
    parsed['rolekeeper'] = named
    return parsed


def shlex_words(header):
    try:
        return shlex.split(header)
    except ValueError:
        return []


def read(kind, path):
    if kind == 'credentials':
        return configloader.raw_config_parse(path)
    return with_ours(configloader.load_config(path))


def answer(case, path):
    with open(path, 'wb') as file:
        file.write(case['text'].encode())
    try:
        return {'parsed': read(case['kind'], path)}
    except ConfigParseError as error:
        return {'refused': str(error)}


request = json.load(sys.stdin)
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, 'file')
    answers = [answer(case, path) for case in request['files']]
meanings = [with_ours(configloader.build_profile_map({header: {}})) for header in request['headers']]
json.dump({'answers': answers, 'meanings': meanings}, sys.stdout)
