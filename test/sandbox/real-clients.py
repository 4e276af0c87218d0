# What boto3 makes of the double's replies: the day of a user in one process. Prints one JSON document.
import datetime
import json
import sys

import boto3
from botocore.exceptions import ClientError

url, user, roles, codes = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3]), json.loads(sys.argv[4])


def sts(access_key_id, secret, token=None):
    return boto3.client(
        "sts",
        region_name="eu-west-1",
        endpoint_url=url,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret,
        aws_session_token=token,
    )


def after(reply):
    credentials = reply["Credentials"]
    return sts(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])


def refused(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["Error"]["Message"]]
    return None


alice = sts(user["accessKeyId"], user["secretAccessKey"])
session = alice.get_session_token(SerialNumber=user["mfa"]["serial"], TokenCode=codes[0], DurationSeconds=3600)
left = session["Credentials"]["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
hub = after(session).assume_role(RoleArn=roles["hub"], RoleSessionName="boto", Tags=[{"Key": "k", "Value": "a b+c"}])
last = after(hub).assume_role(RoleArn=roles["next"], RoleSessionName="boto", ExternalId="ext-1")
print(
    json.dumps(
        {
            "user": alice.get_caller_identity()["Arn"],
            "session": after(session).get_caller_identity()["Arn"],
            "last": after(last).get_caller_identity()["Arn"],
            "sessionSeconds": round(left.total_seconds(), -2),
            "reused": refused(alice.get_session_token, SerialNumber=user["mfa"]["serial"], TokenCode=codes[0]),
            "denied": refused(alice.assume_role, RoleArn=roles["hub"], RoleSessionName="boto"),
            "wrongSecret": refused(sts(user["accessKeyId"], "wrong").get_caller_identity),
        }
    )
)
