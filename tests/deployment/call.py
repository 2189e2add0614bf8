"""Calls one operation of an AWS service by boto3, which comes with sam, and prints the answer as JSON.

call.py cloudwatch describe_alarms '{"AlarmNames": ["tea-errors"]}'
"""

import json
import sys
from datetime import datetime, timezone

import boto3


def as_text(value):
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat(timespec="milliseconds")
    # The answer of a function is read bit by bit.
    return value.read().decode()


service, operation, parameters = sys.argv[1:]
answer = getattr(boto3.client(service), operation)(**json.loads(parameters))
print(json.dumps(answer, default=as_text))
