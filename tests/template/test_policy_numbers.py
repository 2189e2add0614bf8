"""The table of policy numbers in docs/architecture.md is what the code and the template say."""

import re
import unittest

from template import PROJECT, TEMPLATE, properties

PAGE = (PROJECT / "docs/architecture.md").read_text()
ROW = re.compile(r"^\| [^|]+ \| ([^|]+) \| `([^`]+)`: `([^`]+)` \| [^|]+ \|$", re.M)
CONSTANT = re.compile(
    r"const ([A-Z_]+): (?:u8|u32|u64|usize|i64|f64|Duration|SignedDuration) =\s*(.+?);", re.S
)
UNITS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "days": 86_400_000, "KiB": 1024, "MiB": 1024 * 1024, "MB": 1}
SPANS = {"millis": "ms", "secs": "s", "mins": "min", "hours": "h"}
# Named here because they are no policy: versions, and the mark that closes the shop.
NO_POLICY = {
    "V1_ORDERS", "V2_ALARM", "V3_ORDERS", "V4_STORE", "V5_OVERDUE", "V6_UNOBSERVED", "V7_SUMMARY", "CLOSED",
    "INTEGER", "BIT_STRING", "SEQUENCE",
}


def rows():
    return [(value.strip(), file, name) for value, file, name in ROW.findall(PAGE)]


def sources():
    files = (PROJECT / "src").rglob("*.rs")
    for file in sorted(files):
        path = file.relative_to(PROJECT).as_posix()
        if path.startswith("src/bin/") or "tests" in file.parts or file.name == "tests.rs":
            continue
        yield path, file.read_text().split("#[cfg(test)]\nmod tests {")[0]


def constants():
    """Every constant of the function that is a number or a span of time, by file and name."""
    found = {}
    for path, code in sources():
        for name, value in CONSTANT.findall(code):
            unit = UNITS["s"] if name.endswith("_SECONDS") else 1
            found[path, name] = number(value) * unit
    return found


def number(value):
    """The value of a Rust expression, spans of time in milliseconds."""
    span = re.fullmatch(r"(?:Signed)?Duration::from_(\w+)\((.+)\)", value)
    if span:
        return number(span[2]) * UNITS[SPANS[span[1]]]
    return eval(value.replace("_", ""), {"__builtins__": {}})


def measured(value):
    """What a cell of the table stands for: `2.1 s` is 2100 milliseconds, `10` is 10."""
    amount, _, unit = value.partition(" ")
    return float(amount) * UNITS.get(unit, 1)


def of_template(name):
    """A parameter's default, or a property such as Queue.RedrivePolicy.maxReceiveCount."""
    if name in TEMPLATE["Parameters"]:
        return TEMPLATE["Parameters"][name]["Default"]
    resource, *path = name.split(".")
    if path == ["Period"]:
        # Of an alarm by metric math, each of its metrics has the period.
        (period,) = set(periods(properties(resource)))
        return period
    value = properties(resource)
    for step in path:
        value = value[step]
    return value


def periods(node):
    if isinstance(node, dict):
        yield from [node["Period"]] if "Period" in node else []
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            yield from periods(value)


class PolicyNumbers(unittest.TestCase):
    def test_every_number_of_the_code_is_in_the_table_as_it_is(self):
        known = constants()
        listed = {(file, name): value for value, file, name in rows() if file != "template.yaml"}
        listed.pop(("src/slack/reply.rs", "retry_after"))
        policy = {key: value for key, value in known.items() if key[1] not in NO_POLICY}
        self.assertEqual(sorted(listed), sorted(policy))
        for key, value in listed.items():
            self.assertAlmostEqual(measured(value), policy[key], msg=f"{key}: {value}")

    def test_every_number_of_the_template_is_as_it_is(self):
        listed = [(value, name) for value, file, name in rows() if file == "template.yaml"]
        self.assertGreater(len(listed), 40)
        for value, name in listed:
            if name in TEMPLATE["Rules"]:
                continue
            amount, _, unit = value.partition(" ")
            given = float(of_template(name))
            # CloudFormation counts spans of time in seconds; parameters name their unit.
            seconds = UNITS[unit] / 1_000 if unit in ("min", "days") and "." in name else 1
            self.assertAlmostEqual(float(amount) * seconds, given, msg=f"{name}: {value}")

    def test_the_rows_that_are_no_constant_are_as_they_are(self):
        code = dict(sources())
        self.assertIn("clamp(1, 900)", code["src/slack/reply.rs"])
        rule = TEMPLATE["Rules"]["ReservedConcurrencyLeavesRoomForWebhooks"]
        self.assertIn("3", str(rule))

    def test_a_message_waits_for_more_than_a_week(self):
        longest = {name: measured(value) for value, _, name in rows()}
        least = longest["LONGEST"] * (100 - longest["JITTER_PERCENT"]) / 100
        received = longest["Queue.RedrivePolicy.maxReceiveCount"]
        self.assertGreater(received * least, 8 * UNITS["days"])
        self.assertLess(received * least, longest["Queue.MessageRetentionPeriod"])


if __name__ == "__main__":
    unittest.main()
