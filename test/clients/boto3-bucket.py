# Writes an object into a bucket and lists the bucket: boto3-bucket.py PROFILE BUCKET KEY. Prints the keys as JSON.
import json
import sys

import boto3

profile, bucket, key = sys.argv[1:]
s3 = boto3.Session(profile_name=profile).client("s3")
s3.put_object(Bucket=bucket, Key=key, Body=b"hello")
print(json.dumps([item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]))
