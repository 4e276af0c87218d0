# Fills a moto server that does not check anything yet: a user with a policy, a role that trusts him, a bucket `state` that the role may use.
# Prints the user's keys and ARNs.
import json
import sys

import boto3

iam = boto3.client("iam", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
user = iam.create_user(UserName="alice")["User"]
key = iam.create_access_key(UserName="alice")["AccessKey"]
trust = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": user["Arn"]},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "ext-1"}},
        }
    ],
}
role = iam.create_role(RoleName="Dev", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}]}
iam.put_user_policy(UserName="alice", PolicyName="assume", PolicyDocument=json.dumps(allow))
iam.put_role_policy(RoleName="Dev", PolicyName="identity", PolicyDocument=json.dumps(allow))
bucket = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
iam.put_role_policy(RoleName="Dev", PolicyName="bucket", PolicyDocument=json.dumps(bucket))
s3 = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
s3.create_bucket(Bucket="state")
iam.create_user(UserName="bob")
other = iam.create_access_key(UserName="bob")["AccessKey"]
print(
    json.dumps(
        {
            "alice": {"arn": user["Arn"], "accessKeyId": key["AccessKeyId"], "secretAccessKey": key["SecretAccessKey"]},
            "bob": {"accessKeyId": other["AccessKeyId"], "secretAccessKey": other["SecretAccessKey"]},
            "roleArn": role["Arn"],
        }
    )
)
