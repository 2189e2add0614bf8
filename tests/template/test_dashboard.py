"""What the dashboard shows, and that CloudWatch can read it."""

import json
import unittest

from metric_math import evaluate
from template import Stack

STACK = Stack()
# From the fourth dashboard or the fifty-first metric on, one costs $3 a month.
# https://aws.amazon.com/cloudwatch/pricing/
FREE_METRICS = 50
COLUMNS = 24


def dashboard():
    (found,) = STACK.of_type("AWS::CloudWatch::Dashboard")
    return found


def widgets():
    return json.loads(dashboard()["DashboardBody"])["widgets"]


def metrics():
    return [metric for widget in widgets() for metric in widget["properties"]["metrics"]]


class Dashboard(unittest.TestCase):
    def test_it_has_the_name_of_the_stack_and_an_address(self):
        self.assertEqual(dashboard()["DashboardName"], "shop")
        self.assertTrue(STACK.output("DashboardUrl").endswith("#dashboards/dashboard/Dashboard"))

    def test_its_address_is_of_the_console_of_its_partition(self):
        consoles = {"aws": "aws.amazon.com", "aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}
        for partition, console in consoles.items():
            address = Stack(surroundings={"AWS::Partition": partition}).output("DashboardUrl")
            self.assertTrue(address.startswith(f"https://console.{console}/cloudwatch/home?region="), address)

    def test_every_graph_says_what_it_shows_and_in_what_unit(self):
        titles = [widget["properties"]["title"] for widget in widgets()]
        self.assertEqual(len(set(titles)), len(titles))
        for graph in (widget["properties"] for widget in widgets()):
            self.assertRegex(graph["title"], r"^[A-Z][a-z]+")
            self.assertRegex(graph["yAxis"]["left"]["label"], r"^(\w+|%) ?")
            self.assertEqual(graph["region"], "us-east-1")
            self.assertIn("period", graph)
            for *_, line in graph["metrics"]:
                self.assertTrue("label" in line or line["visible"] is False, line)

    def test_the_graphs_stand_beside_one_another(self):
        places = [(widget["x"], widget["y"]) for widget in widgets()]
        self.assertEqual(len(set(places)), len(places))
        for widget in widgets():
            self.assertLessEqual(widget["x"] + widget["width"], COLUMNS)

    def test_it_shows_the_orders_the_queues_and_the_function(self):
        named = {metric[1] for metric in metrics() if isinstance(metric[0], str)}
        self.assertLessEqual({
            "OrdersCreated", "OrdersModified", "OrdersCancelled", "SecondsToSlack", "WebhooksRejected",
            "WebhooksUnsigned", "WebhooksUnreadable", "WebhooksNotTaken", "TooManyRequests", "SlackRefused", "SlackUnexpectedReply", "SlackRateLimited",
            "ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible", "LedgerUnavailable", "Errors",
            "Throttles", "Duration", "RulesUnreadable",
        }, named)

    def test_it_shows_what_the_api_refuses(self):
        """By the dimension of an HTTP API, which is its id.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
        """
        shown = [metric[1:-1] for metric in metrics() if metric[0] == "AWS/ApiGateway"]
        self.assertEqual(shown, [[name, "ApiId", "Api"] for name in ("Count", "4xx", "5xx")])

    def test_seconds_to_slack_are_those_of_most_orders_and_of_nearly_all(self):
        shown = [metric[-1]["stat"] for metric in metrics() if metric[1:2] == ["SecondsToSlack"]]
        self.assertEqual(shown, ["p50", "p99"])

    def test_the_share_of_cancellations_has_a_gap_where_nothing_was_ordered(self):
        (share,) = [metric[0]["expression"] for metric in metrics() if isinstance(metric[0], dict)]
        orders = {"created": [15, None, None, 5], "cancelled": [5, 2, None, None]}
        self.assertEqual(evaluate(share, orders, times=()), [25, 100, None, 0])

    def test_it_is_one_of_the_free_ones(self):
        self.assertLessEqual(len(metrics()), FREE_METRICS)
