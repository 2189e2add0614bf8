"""Writes the first files of the corpus, out of the samples, the documentation and the tests.

What is there stays. `make fuzz` adds to them."""

import json
import re
from pathlib import Path

PROJECT = Path(__file__).parents[1]
CORPUS = PROJECT / "fuzz/corpus"


def save(door, name, seed):
    folder = CORPUS / door
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(seed if isinstance(seed, bytes) else seed.encode())


def compact(event):
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def request(event):
    lines = [f"{name}: {value}\n" for name, value in event["headers"].items()]
    lines += [f"?{part.replace('=', ': ', 1)}\n" for part in event["rawQueryString"].split("&") if part]
    return "".join(lines) + f"\n{event['body']}"


def samples():
    for path in sorted((PROJECT / "events").glob("*.json")):
        event = json.loads(path.read_text())
        save("event", path.stem, compact(event))
        if "body" in event:
            platform = event["rawPath"].removeprefix("/webhook").strip("/").split("/")[0] or "generic"
            save("webhook", path.stem, f" {platform}\n{request(event)}")
            save("signature", path.stem, request(event))


def envelopes():
    snapshots = sorted((PROJECT / "src/queue/envelope/snapshots").glob("*.snap"))
    texts = [path.read_text().split("---\n", 2)[2].strip() for path in snapshots]
    lines = [line for text in texts for line in text.splitlines()]
    for number, envelope in enumerate(lines):
        save("envelope", f"stored-{number}", envelope)
        record = {"messageId": "1", "receiptHandle": "1", "body": envelope, "eventSource": "aws:sqs",
                  "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:order-alerts",
                  "attributes": {"ApproximateReceiveCount": "1"}}
        other = record | {"messageId": "2", "body": "{}"}
        save("event", f"batch-{number}", compact({"Records": [record, other]}))


def others():
    save("event", "tick", compact({"source": "aws.events", "detail-type": "Scheduled Event"}))
    alarm = {"source": "aws.cloudwatch", "alarmArn": "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:x-no-orders",
             "time": "2026-01-01T02:05:10.512+0000", "region": "eu-central-1",
             "alarmData": {"alarmName": "x-no-orders",
                           "state": {"value": "ALARM", "reason": "Threshold Crossed", "reasonData": "{}",
                                     "timestamp": "2026-01-01T02:05:10.500+0000"},
                           "previousState": {"value": "OK"}, "configuration": {"description": "x", "metrics": []}}}
    save("event", "alarm", compact(alarm))
    for page in ["rules", "expect"]:
        blocks = re.findall(r"```text\n(.*?)```", (PROJECT / f"docs/{page}.md").read_text(), re.DOTALL)
        for number, block in enumerate(blocks):
            save("rules", f"{page}-{number}", block)
    words = re.findall(r'"([a-z_]+)"', (PROJECT / "src/slack/reply.rs").read_text())
    for status, wait, body in [(429, "30", "rate_limited"), (429, "0.5", ""), (200, "", "ok"), (503, "x", "<html>"),
                               (200, "", '{"ok":false,"error":"invalid_blocks"}'), (302, "", ""),
                               *((400, "", word) for word in words)]:
        number = (status - 100).to_bytes(2, "big")
        save("slack", f"{status}-{re.sub('[^a-z_]', '', body) or 'none'}", number + f"{wait}\n{body}".encode())


if __name__ == "__main__":
    samples()
    envelopes()
    others()
