# A long-running boto3 program: for each profile name that it reads, one GetCallerIdentity by that profile's session, which is made once.
# Answers each with one line of JSON.
import json
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

clients = {}
for line in sys.stdin:
    profile = line.strip()
    try:
        if profile not in clients:
            session = boto3.Session(profile_name=profile)
            clients[profile] = (session, session.client("sts"))
        session, sts = clients[profile]
        arn = sts.get_caller_identity()["Arn"]
        answer = {"arn": arn, "accessKeyId": session.get_credentials().get_frozen_credentials().access_key}
    except (BotoCoreError, ClientError) as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
