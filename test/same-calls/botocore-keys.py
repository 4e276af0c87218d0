# Prints every key of a profile that botocore reads, one a line: its session's variables, and what its ways to credentials look up.
import inspect
import re

import botocore.configprovider as configprovider
import botocore.credentials as credentials
import botocore.tokens as tokens

tables = [
    configprovider.BOTOCORE_DEFAUT_SESSION_VARIABLES,
    configprovider.DEFAULT_PROXIES_CONFIG_VARS,
    configprovider.DEFAULT_S3_CONFIG_VARS,
]
keys = set()
for in_file, *_rest in (variable for table in tables for variable in table.values()):
    for key in in_file if isinstance(in_file, list) else [in_file]:
        if key is not None:
            keys.add(key if isinstance(key, str) else key[0])

keys.update(credentials.SSOProvider._ALL_REQUIRED_CONFIG_VARS)
keys.update(credentials.AssumeRoleWithWebIdentityProvider._CONFIG_TO_ENV_VAR)
keys.update(tokens.SSOTokenProvider._SSO_CONFIG_VARS)
for provider in (credentials.SharedCredentialProvider, credentials.ConfigProvider):
    keys.update([provider.ACCESS_KEY, provider.SECRET_KEY, *provider.TOKENS, provider.ACCOUNT_ID])
looked_up = r"""\bprofile(?:_config)?(?:\.get\(|\[)\s*'([a-z_]+)'|'([a-z_]+)' (?:not )?in profile"""
for found in re.findall(looked_up, inspect.getsource(credentials) + inspect.getsource(tokens)):
    keys.update(key for key in found if key)
print('\n'.join(sorted(keys)))
