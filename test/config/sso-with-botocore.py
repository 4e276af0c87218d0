# Reads {"texts": [config file, ...]} from stdin, has botocore's SSOProvider read the profile "dev" of each, and answers with
# {"answers": [{"settings": {...} | null} | {"refused": "why"}]}. One process for all.
import json
import os
import sys
import tempfile

import botocore.configloader as configloader
from botocore.credentials import SSOProvider
from botocore.exceptions import InvalidConfigError

answers = []
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, 'config')
    for text in json.load(sys.stdin)['texts']:
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        provider = SSOProvider(lambda: configloader.load_config(path), None, 'dev')
        try:
            answers.append({'settings': provider._load_sso_config()})
        except InvalidConfigError as error:
            answers.append({'refused': str(error)})
print(json.dumps({'answers': answers}))
