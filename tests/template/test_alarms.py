"""What is true of every alarm."""

import re
import unittest

from template import PROJECT, TEMPLATE, Stack

EMAIL = "kitchen@example.com"
FUNCTION, TOPIC = "Function.Arn", "AlarmTopic"
# Each alarm, what switches it off, and its metrics.
ALARMS = {
    "no-orders": ("NoOrdersMinutes", ["EventsAccepted"]),
    "cancellations": ("CancellationPercent", ["OrdersCreated", "OrdersCancelled"]),
    "rejected-webhooks": ("RejectedWebhooks", ["WebhooksRejected", "WebhooksUnreadable", "WebhooksNotTaken"]),
    "too-many-requests": ("TooManyRequestsMinutes", ["TooManyRequests"]),
    "slack-refuses": ("SlackRefusedMinutes", ["SlackRefused", "SlackUnexpectedReply", "SecondsToSlack"]),
    "queue-age": ("QueueAgeSeconds", ["ApproximateAgeOfOldestMessage"]),
    "dead-letters": ("DeadLetters", ["ApproximateNumberOfMessagesVisible"]),
    "ledger": ("LedgerMinutes", ["LedgerUnavailable"]),
    "errors": ("FailedMinutes", ["Errors"]),
    "throttles": ("ThrottledMinutes", ["Throttles"]),
    "unreadable-rules": ("UnreadableRules", ["RulesUnreadable"]),
}
# About the shop, and no fault of the function.
WITHOUT_EMAIL = ["cancellations"]
# Of AWS's own metrics: the queues by their names, the function by its own.
DIMENSIONS = {
    "queue-age": {"Name": "QueueName", "Value": "Queue.QueueName"},
    "dead-letters": {"Name": "QueueName", "Value": "DeadLetterQueue.QueueName"},
    "errors": {"Name": "FunctionName", "Value": "Function"},
    "throttles": {"Name": "FunctionName", "Value": "Function"},
}
OUR_ALARMS = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:shop-*"
LONGEST_DESCRIPTION = 1024
A_DAY = 24 * 60 * 60


def alarms(**parameters):
    """By the end of their names."""
    found = Stack(**{"NoOrdersMinutes": 60} | parameters).of_type("AWS::CloudWatch::Alarm")
    return {alarm["AlarmName"].removeprefix("shop-"): alarm for alarm in found}


def metrics(alarm):
    """The metrics of the alarm, and over how many seconds."""
    if "Metrics" not in alarm:
        return [(alarm, alarm["Period"])]
    stats = [query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query]
    return [(stat["Metric"], stat["Period"]) for stat in stats]


class Alarms(unittest.TestCase):
    def test_there_are_these_and_a_zero_switches_each_off(self):
        self.assertEqual(alarms().keys(), ALARMS.keys())
        for name, (parameter, _) in ALARMS.items():
            self.assertEqual(alarms(**{parameter: 0}).keys(), ALARMS.keys() - {name}, name)
            self.assertEqual(TEMPLATE["Parameters"][parameter]["MinValue"], 0, name)

    def test_the_flow_of_orders_is_watched_on_demand_and_all_else_from_the_start(self):
        by_itself = {alarm["AlarmName"] for alarm in Stack().of_type("AWS::CloudWatch::Alarm")}
        self.assertEqual(by_itself, {f"shop-{name}" for name in ALARMS.keys() - {"no-orders"}})

    def test_the_docs_list_them_with_what_switches_them_off(self):
        page = (PROJECT / "docs/monitoring.md").read_text()
        rows = re.findall(r"^\| `…-([a-z-]+)` \| .* \| `(\w+)` \| (\d+) \|$", page, re.MULTILINE)
        parameters = [(name, parameter) for name, (parameter, _) in ALARMS.items()]
        defaults = [str(TEMPLATE["Parameters"][parameter]["Default"]) for _, parameter in parameters]
        self.assertEqual(rows, [(*each, default) for each, default in zip(parameters, defaults)])

    def test_they_look_at_these_metrics(self):
        for name, alarm in alarms().items():
            self.assertEqual([metric["MetricName"] for metric, _ in metrics(alarm)], ALARMS[name][1], name)

    def test_aws_tells_our_queues_and_our_function_from_others(self):
        for name, dimension in DIMENSIONS.items():
            for metric, _ in metrics(alarms()[name]):
                self.assertEqual(metric["Dimensions"], [dimension], name)

    def test_silence_is_news_of_orders_and_of_nothing_else(self):
        for name, alarm in alarms().items():
            expected = "breaching" if name == "no-orders" else "notBreaching"
            self.assertEqual(alarm["TreatMissingData"], expected, name)

    def test_an_alarm_is_evaluated_over_a_day_at_most(self):
        longest = TEMPLATE["Parameters"]["NoOrdersMinutes"]["MaxValue"]
        for name, alarm in alarms(NoOrdersMinutes=longest).items():
            for _, period in metrics(alarm):
                self.assertLessEqual(period * alarm["EvaluationPeriods"], A_DAY, name)

    def test_metric_math_has_one_result_which_comes_last(self):
        for alarm in alarms().values():
            returned = [query["ReturnData"] for query in alarm.get("Metrics", [])]
            self.assertIn(True, returned or [True])
            self.assertNotIn(True, returned[:-1])

    def test_a_description_says_what_to_look_at(self):
        for name, alarm in alarms().items():
            self.assertRegex(alarm["AlarmDescription"], r"^[A-Z0-9].*\. .*\.$", name)
            self.assertNotIn("$", alarm["AlarmDescription"], name)
            self.assertLessEqual(len(alarm["AlarmDescription"]), LONGEST_DESCRIPTION, name)


class Actions(unittest.TestCase):
    def test_the_function_hears_of_every_alarm_and_of_its_end(self):
        for name, alarm in alarms().items():
            self.assertEqual(alarm["AlarmActions"], [FUNCTION], name)
            self.assertEqual(alarm["OKActions"], [FUNCTION], name)
            self.assertNotIn("InsufficientDataActions", alarm, name)

    def test_an_e_mail_address_hears_of_what_slack_might_not_say(self):
        for name, alarm in alarms(AlarmEmail=EMAIL).items():
            heard = [FUNCTION] if name in WITHOUT_EMAIL else [FUNCTION, TOPIC]
            self.assertEqual(alarm["AlarmActions"], heard, name)
            self.assertEqual(alarm["OKActions"], heard, name)

    def test_only_alarms_of_this_stack_invoke_the_function(self):
        permissions = Stack().of_type("AWS::Lambda::Permission")
        (alarms_may,) = [each for each in permissions if "alarms" in each["Principal"]]
        self.assertEqual(alarms_may, {
            "FunctionName": "Function",
            "Action": "lambda:InvokeFunction",
            "Principal": "lambda.alarms.cloudwatch.amazonaws.com",
            "SourceAccount": "111122223333",
            "SourceArn": OUR_ALARMS,
        })

    def test_a_notice_that_cannot_be_given_is_kept(self):
        (invocations,) = Stack().of_type("AWS::Lambda::EventInvokeConfig")
        self.assertEqual(invocations, {
            "FunctionName": "Function",
            "Qualifier": "$LATEST",
            "MaximumRetryAttempts": 2,
            "DestinationConfig": {"OnFailure": {"Destination": "DeadLetterQueue.Arn"}},
        })


class Email(unittest.TestCase):
    def test_without_an_address_there_is_no_topic(self):
        for kind in ("Topic", "TopicPolicy", "Subscription"):
            self.assertEqual(Stack().of_type(f"AWS::SNS::{kind}"), [], kind)

    def test_the_address_is_subscribed(self):
        (subscription,) = Stack(AlarmEmail=EMAIL).of_type("AWS::SNS::Subscription")
        self.assertEqual(subscription, {"TopicArn": TOPIC, "Protocol": "email", "Endpoint": EMAIL})

    def test_only_alarms_of_this_stack_publish(self):
        (policy,) = Stack(AlarmEmail=EMAIL).of_type("AWS::SNS::TopicPolicy")
        self.assertEqual(policy["Topics"], [TOPIC])
        (statement,) = policy["PolicyDocument"]["Statement"]
        self.assertEqual(statement, {
            "Sid": "AlarmsOfThisStack",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": TOPIC,
            "Condition": {
                "StringEquals": {"aws:SourceAccount": "111122223333"},
                "ArnLike": {"aws:SourceArn": OUR_ALARMS},
            },
        })

    def test_no_key_keeps_cloudwatch_out(self):
        (topic,) = Stack(AlarmEmail=EMAIL).of_type("AWS::SNS::Topic")
        self.assertNotIn("KmsMasterKeyId", topic)
