"""Each sample of `events/` is signed as its platform's documentation says, by formulas of this folder.

The function verifies the same samples in tests/function/webhook/samples.rs, so that its own way of signing is not the
only witness. `python3 tests/project/test_samples.py --write` signs them again."""

import json
import sys
import unittest
from urllib.parse import parse_qsl, urlencode

from commands import PROJECT
from formulas import FORMULAS, Webhook

EVENTS = sorted((PROJECT / "events").glob("*.json"))
PLATFORMS = sorted(path.stem for path in (PROJECT / "src/platform").glob("*.toml"))


def proof(event):
    """The headers that prove it, and the parameters of the query, which begin with `?`; None if it needs none."""
    platform = event["rawPath"].removeprefix("/webhook").strip("/").split("/")[0] or "generic"
    if platform not in FORMULAS or event["body"].startswith("webhook_id="):
        return None
    seconds = event["requestContext"]["timeEpoch"] // 1000
    path = event["rawPath"]
    return FORMULAS[platform](Webhook(platform, path, event["headers"], event["body"], seconds))


def given(event, name):
    if name.startswith("?"):
        return dict(parse_qsl(event.get("rawQueryString", ""))).get(name[1:])
    return event["headers"].get(name)


class Samples(unittest.TestCase):
    def test_each_is_signed_as_its_platform_documents_it(self):
        proven = set()
        for path in EVENTS:
            event = json.loads(path.read_text())
            expected = proof(event) if "body" in event else None
            for name, value in (expected or {}).items():
                self.assertEqual(given(event, name), value, f"{path.name}: {name}")
                proven.add(path.stem.split("-")[0])
        self.assertEqual(sorted(proven), PLATFORMS)


def write():
    for path in EVENTS:
        event = json.loads(path.read_text())
        signed = proof(event) if "body" in event else None
        for name, value in (signed or {}).items():
            if name.startswith("?"):
                event["rawQueryString"] = urlencode({name[1:]: value})
            else:
                event["headers"][name] = value
        path.write_text(json.dumps(event, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    write() if sys.argv[1:] == ["--write"] else unittest.main()
