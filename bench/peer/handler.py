"""A function as Python's usual libraries make it: boto3 for the secret, requests for Slack."""

import base64
import hashlib
import hmac
import json
import os

import boto3
import requests

# As the packages have it, with one root more.
ROOTS = os.environ["ROOTS"]
secrets_manager = boto3.client("secretsmanager", verify=ROOTS)
slack = requests.Session()
slack.verify = ROOTS
secret = json.loads(secrets_manager.get_secret_value(SecretId=os.environ["SECRET_ID"])["SecretString"])


def handle(event, context):
    body = event["body"].encode()
    key = secret["signing_keys"]["shopify"][0].encode()
    expected = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()
    if not hmac.compare_digest(expected, event["headers"].get("x-shopify-hmac-sha256", "")):
        return {"statusCode": 401, "body": "{}"}
    order = json.loads(body)
    text = f"Order {order['name']} was cancelled: {order['total_price']} {order['currency']}"
    slack.post(secret["slack_webhook_url"], json={"text": text}, timeout=10).raise_for_status()
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": '{"status":"accepted"}'}
