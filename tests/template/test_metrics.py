"""A renamed metric fails here until the alarms, the dashboard and the list name it too."""

import json
import re
import unittest

from template import PROJECT, Stack

OURS = "OrderAlerts"


def written():
    """The metrics that the function writes: the variants of an enum."""
    text = (PROJECT / "src/infra/metrics.rs").read_text()
    (variants,) = re.findall(r"^(?:pub(?:\(\w+\))? )?enum Metric \{\n(.*?)^\}", text, re.DOTALL | re.MULTILINE)
    return re.findall(r"^    ([A-Z]\w*)", variants, re.MULTILINE)


def filtered():
    """Those that CloudWatch Logs makes of a log, with the fields of its lines that are their dimensions."""
    for found in Stack().of_type("AWS::Logs::MetricFilter"):
        for metric in found["MetricTransformations"]:
            if metric["MetricNamespace"] == OURS:
                yield metric["MetricName"], {each["Key"]: each["Value"] for each in metric["Dimensions"]}


def documented():
    """Those of docs/monitoring.md: names of words that each begin with a capital."""
    page = (PROJECT / "docs/monitoring.md").read_text()
    return re.findall(r"^\| `((?:[A-Z][a-z]+)+)` \|", page, re.MULTILINE)


def watched():
    """Those of the alarms, with their dimensions."""
    for alarm in Stack(NoOrdersMinutes=60).of_type("AWS::CloudWatch::Alarm"):
        metrics = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
        for metric in metrics or [alarm]:
            if metric["Namespace"] == OURS:
                yield metric["MetricName"], {each["Name"]: each["Value"] for each in metric["Dimensions"]}


def shown():
    """Those of the dashboard, with their dimensions."""
    (dashboard,) = Stack().of_type("AWS::CloudWatch::Dashboard")
    for widget in json.loads(dashboard["DashboardBody"])["widgets"]:
        for metric in widget["properties"]["metrics"]:
            if metric[0] == OURS:
                _, name, *dimensions, _ = metric
                yield name, dict(zip(dimensions[::2], dimensions[1::2], strict=True))


class Metrics(unittest.TestCase):
    def test_alarms_and_dashboard_know_only_what_is_written(self):
        for name, dimensions in [*watched(), *shown()]:
            self.assertIn(name, [*written(), *dict(filtered())])
            # The function writes each for itself alone, so that no sum over platforms is needed.
            self.assertEqual(dimensions, {"Function": "Function"}, name)

    def test_the_docs_list_exactly_what_is_written(self):
        self.assertEqual(sorted(documented()), sorted([*written(), *dict(filtered())]))

    def test_they_are_found_at_all(self):
        self.assertIn("EventsAccepted", written())
        self.assertIn("EventsAccepted", dict(watched()))
        self.assertIn("SecondsToSlack", dict(shown()))
        self.assertIn("TooManyRequests", dict(filtered()))
