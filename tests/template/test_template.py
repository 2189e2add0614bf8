"""What template.yaml must have, beyond what a linter checks."""

import json
import re
import tomllib
import unittest

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from template import PROJECT, RESOURCES, TEMPLATE, Stack, as_list, of_type, properties, referenced

EXPECT = "created -> accepted in 4 min"
ROUTES = ["GET /health", "POST /", "POST /webhook", "POST /webhook/{platform}", "POST /{proxy+}"]
VARIABLES = [
    "CUSTOMER", "DEAD_LETTER_QUEUE_URL", "DELIVERY", "DIGEST_SECONDS", "EXPECT", "EXPECT_TABLE", "LANGUAGE",
    "LEDGER_TABLE", "LOG_LEVEL", "MENTION", "MENTION_ABOVE", "PUBLIC_URL", "QUEUE_URL", "RULES", "SECRET_ID", "SHOW_CANCELLED",
    "SHOW_CREATED", "SHOW_MODIFIED", "SUMMARY_HOUR", "SUMMARY_TIME_ZONE",
]
LOGGED = [
    "error.message", "integration.requestId", "integrationErrorMessage", "integrationLatency",
    "integrationStatus", "requestId", "responseLatency", "routeKey", "status",
]
# They are parts of resources that take tags, and cost nothing by themselves.
WITHOUT_TAGS = [
    "AWS::ApiGatewayV2::Integration", "AWS::ApiGatewayV2::Route", "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Permission", "AWS::Logs::MetricFilter", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy",
]
# What SQS allows: a message is delayed for a quarter of an hour, and kept for a fortnight.
LONGEST_DELAY = 900
LONGEST_RETENTION = 14 * 24 * 60 * 60


def variables():
    (function,) = of_type("AWS::Serverless::Function")
    return function["Environment"]["Variables"]


def takes_tags(kind):
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    return schema["tagging"]["taggable"]


def log_line():
    """A line of the access log, with what API Gateway fills in."""
    (stage,) = Stack().of_type("AWS::ApiGatewayV2::Stage")
    return json.loads(stage["AccessLogSettings"]["Format"])


class Secret(unittest.TestCase):
    def test_no_deployment_can_overwrite_it(self):
        (secret,) = of_type("AWS::SecretsManager::Secret")
        generated = secret["GenerateSecretString"]
        self.assertEqual(generated, {
            "SecretStringTemplate": '{"slack_webhook_url":"","signing_keys":{}}',
            "GenerateStringKey": "generic_signing_key",
            "PasswordLength": 32,
            "ExcludePunctuation": True,
        })
        self.assertNotIn("SecretString", secret)


class Settings(unittest.TestCase):
    def test_every_parameter_is_described_used_and_grouped(self):
        used = referenced([RESOURCES, TEMPLATE["Conditions"]])
        groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        self.assertEqual(sorted(name for group in groups for name in group["Parameters"]), sorted(TEMPLATE["Parameters"]))
        for name, parameter in TEMPLATE["Parameters"].items():
            self.assertRegex(parameter.get("Description", ""), r"^[A-Z].+ .+\.$", name)
            self.assertIn(name, used)

    def test_the_function_knows_every_variable(self):
        self.assertEqual(sorted(variables()), VARIABLES)
        self.assertEqual(variables()["DELIVERY"], "queue")

    def test_a_digest_is_never_due_later_than_a_message_can_be_delayed(self):
        window = TEMPLATE["Parameters"]["DigestSeconds"]
        self.assertGreaterEqual(window["MinValue"], 1)
        self.assertLessEqual(window["MaxValue"], LONGEST_DELAY)

    def test_reserved_concurrency_leaves_room_for_webhooks(self):
        (mapping,) = of_type("AWS::Lambda::EventSourceMapping")
        (assertion,) = TEMPLATE["Rules"]["ReservedConcurrencyLeavesRoomForWebhooks"]["Assertions"]
        refused = [
            comparison["Fn::Equals"]
            for negated in assertion["Assert"]["Fn::Not"] for comparison in negated["Fn::Or"]
        ]
        consumers = range(1, mapping["ScalingConfig"]["MaximumConcurrency"] + 1)
        self.assertEqual(refused, [[{"Ref": "ReservedConcurrency"}, number] for number in consumers])


class LogsAndTraces(unittest.TestCase):
    def test_lambda_drops_no_line_whatever_the_level(self):
        for level in TEMPLATE["Parameters"]["LogLevel"]["AllowedValues"]:
            (function,) = Stack(LogLevel=level).of_type("AWS::Serverless::Function")
            self.assertEqual(function["Environment"]["Variables"]["LOG_LEVEL"], level)
            # Metrics have no level, and Lambda takes them as INFO.
            self.assertEqual(function["LoggingConfig"]["ApplicationLogLevel"], "TRACE")
            self.assertEqual(function["LoggingConfig"]["LogFormat"], "JSON")

    def test_invocations_are_traced_only_if_that_is_switched_on(self):
        for tracing, mode in [("off", "PassThrough"), ("on", "Active")]:
            (function,) = Stack(Tracing=tracing).of_type("AWS::Serverless::Function")
            self.assertEqual(function["Tracing"], mode)
        (function,) = Stack().of_type("AWS::Serverless::Function")
        self.assertEqual(function["Tracing"], "PassThrough")


class Application(unittest.TestCase):
    """What the AWS Serverless Application Repository is told.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-template-publishing-applications-metadata-properties.html
    """

    APPLICATION = TEMPLATE["Metadata"]["AWS::ServerlessRepo::Application"]
    CARGO = tomllib.loads((PROJECT / "Cargo.toml").read_text())

    def test_its_version_and_licence_are_those_of_the_program(self):
        package = self.CARGO["workspace"]["package"]
        self.assertEqual(self.APPLICATION["SemanticVersion"], package["version"])
        self.assertEqual(self.APPLICATION["SpdxLicenseId"], package["license"])
        # The function and the tool say the version of the package.
        self.assertEqual(self.CARGO["package"]["version"], {"workspace": True})

    def test_its_files_are_there_and_small_enough(self):
        for name in ["LicenseUrl", "ReadmeUrl"]:
            file = PROJECT / self.APPLICATION[name]
            self.assertLessEqual(file.stat().st_size, 5_000_000, file)

    def test_its_texts_are_within_the_limits(self):
        self.assertRegex(self.APPLICATION["Name"], r"^[a-zA-Z0-9-]{1,140}$")
        self.assertIn(len(self.APPLICATION["Description"]), range(1, 257))
        self.assertRegex(self.APPLICATION["Author"], r"^(?=.{1,127}$)[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?$")
        self.assertIn(len(self.APPLICATION["Labels"]), range(1, 11))
        for label in self.APPLICATION["Labels"]:
            self.assertRegex(label, r"^[a-zA-Z0-9+\-_:/@]{1,127}$")

    def test_it_links_to_where_the_program_is_if_that_is_known(self):
        repository = self.CARGO["package"].get("repository")
        for name in ["HomePageUrl", "SourceCodeUrl"]:
            self.assertEqual(self.APPLICATION.get(name), repository, name)


class Tags(unittest.TestCase):
    def test_all_that_costs_takes_the_tags_of_the_stack(self):
        """CloudFormation gives them to each resource whose type takes tags."""
        deployed = {resource["Type"].replace("AWS::Serverless", "AWS::Lambda") for resource in RESOURCES.values()}
        without = [kind for kind in deployed if not takes_tags(kind)]
        self.assertEqual(sorted(without), WITHOUT_TAGS)

    def test_sam_makes_no_resource_of_its_own(self):
        """So those of the template are all."""
        (function,) = of_type("AWS::Serverless::Function")
        made_from = {
            "AutoPublishAlias", "DeploymentPreference", "Events", "EventInvokeConfig", "FunctionUrlConfig", "Policies",
        }
        self.assertEqual(made_from & function.keys(), set())
        kinds = {resource["Type"] for resource in RESOURCES.values() if "Serverless" in resource["Type"]}
        self.assertEqual(kinds, {"AWS::Serverless::Function"})


class EachMinute(unittest.TestCase):
    """What expectations and the daily summary need."""

    def test_without_either_nothing_runs_each_minute_and_no_table_is_made(self):
        stack = Stack()
        self.assertEqual(len(stack.of_type("AWS::DynamoDB::Table")), 1)
        self.assertEqual(stack.of_type("AWS::Events::Rule"), [])
        self.assertNotIn("events.amazonaws.com", [it["Principal"] for it in stack.of_type("AWS::Lambda::Permission")])
        (function,) = stack.of_type("AWS::Serverless::Function")
        self.assertEqual(function["Environment"]["Variables"]["EXPECT_TABLE"], "")

    def test_with_either_the_function_has_a_table_and_is_invoked_each_minute(self):
        for parameters in [{"Expect": EXPECT}, {"SummaryHour": "0"}]:
            stack = Stack(**parameters)
            (function,) = stack.of_type("AWS::Serverless::Function")
            self.assertEqual(function["Environment"]["Variables"]["EXPECT_TABLE"], "ExpectTable")
            (rule,) = stack.of_type("AWS::Events::Rule")
            self.assertEqual(rule["ScheduleExpression"], "rate(1 minute)")
            (target,) = rule["Targets"]
            self.assertEqual(target["Arn"], "Function.Arn")
            (permission,) = [
                it for it in stack.of_type("AWS::Lambda::Permission") if it["Principal"] == "events.amazonaws.com"
            ]
            self.assertEqual(permission["SourceArn"], "EveryMinute.Arn")

    def test_the_function_gets_their_settings(self):
        given = {"EXPECT": EXPECT, "SUMMARY_HOUR": "22", "SUMMARY_TIME_ZONE": "Asia/Seoul"}
        (function,) = Stack(
            Expect=EXPECT, SummaryHour="22", SummaryTimeZone="Asia/Seoul"
        ).of_type("AWS::Serverless::Function")
        self.assertLessEqual(given.items(), function["Environment"]["Variables"].items())

    def test_the_summary_takes_each_hour_and_every_name_of_a_zone(self):
        hours = TEMPLATE["Parameters"]["SummaryHour"]["AllowedValues"]
        self.assertEqual(hours, ["", *range(24)])
        zone = re.compile(TEMPLATE["Parameters"]["SummaryTimeZone"]["AllowedPattern"])
        for name in ["UTC", "Etc/GMT+9", "America/Argentina/Buenos_Aires", "America/Port-au-Prince"]:
            self.assertTrue(zone.search(name), name)
        for name in ["", "Asia/Seoul ", "/Seoul", "Asia/", "+09:00"]:
            self.assertFalse(zone.search(name), name)

    def test_the_table_has_the_keys_that_the_function_uses(self):
        table = properties("ExpectTable")
        keys = {key["KeyType"]: key["AttributeName"] for key in table["KeySchema"]}
        self.assertEqual(keys, {"HASH": "pk", "RANGE": "sk"})
        self.assertEqual(table["TimeToLiveSpecification"], {"AttributeName": "expires", "Enabled": True})


class Queues(unittest.TestCase):
    def test_these_two_and_the_function_is_told_of_both(self):
        self.assertEqual(len(of_type("AWS::SQS::Queue")), 2)
        self.assertEqual(variables()["QUEUE_URL"], {"Ref": "Queue"})
        self.assertEqual(variables()["DEAD_LETTER_QUEUE_URL"], {"Ref": "DeadLetterQueue"})

    def test_both_are_encrypted_without_a_key_that_can_be_denied(self):
        for queue in of_type("AWS::SQS::Queue"):
            self.assertIs(queue["SqsManagedSseEnabled"], True)
            self.assertNotIn("KmsMasterKeyId", queue)

    def test_a_message_stays_hidden_until_no_invocation_can_hold_it(self):
        (function,) = of_type("AWS::Serverless::Function")
        self.assertGreaterEqual(properties("Queue")["VisibilityTimeout"], 6 * function["Timeout"])

    def test_a_message_waits_as_long_as_sqs_keeps_one(self):
        self.assertEqual(properties("Queue")["MessageRetentionPeriod"], LONGEST_RETENTION)
        self.assertNotIn("DelaySeconds", properties("Queue"))

    def test_only_the_queue_may_fill_the_dead_letter_queue_and_only_after_long(self):
        redrive = properties("Queue")["RedrivePolicy"]
        self.assertEqual(referenced(redrive["deadLetterTargetArn"]), {"DeadLetterQueue"})
        self.assertEqual(redrive["maxReceiveCount"], 1000)
        allowed = properties("DeadLetterQueue")["RedriveAllowPolicy"]
        self.assertEqual(allowed["redrivePermission"], "byQueue")
        (source,) = allowed["sourceQueueArns"]
        self.assertEqual(properties("Queue")["QueueName"], {"Ref": "AWS::StackName"})
        self.assertEqual(source["Fn::Sub"].split(":sqs:")[1], "${AWS::Region}:${AWS::AccountId}:${AWS::StackName}")

    def test_a_dead_letter_is_kept_at_least_as_long_as_it_could_have_waited(self):
        kept = properties("DeadLetterQueue")["MessageRetentionPeriod"]
        self.assertGreaterEqual(kept, properties("Queue")["MessageRetentionPeriod"])

    def test_the_function_gets_ten_at_once_and_answers_for_each(self):
        (mapping,) = of_type("AWS::Lambda::EventSourceMapping")
        self.assertEqual(referenced(mapping["EventSourceArn"]), {"Queue"})
        self.assertEqual(referenced(mapping["FunctionName"]), {"Function"})
        self.assertEqual(mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"])
        self.assertEqual(mapping["BatchSize"], 10)
        self.assertEqual(mapping["MaximumBatchingWindowInSeconds"], 0)
        self.assertEqual(mapping["ScalingConfig"], {"MaximumConcurrency": 2})


class Ledger(unittest.TestCase):
    def test_it_has_one_text_key_and_is_paid_by_use(self):
        table = properties("Ledger")
        self.assertEqual(table["AttributeDefinitions"], [{"AttributeName": "pk", "AttributeType": "S"}])
        self.assertEqual(table["KeySchema"], [{"AttributeName": "pk", "KeyType": "HASH"}])
        self.assertEqual(table["BillingMode"], "PAY_PER_REQUEST")
        self.assertEqual(variables()["LEDGER_TABLE"], {"Ref": "Ledger"})

    def test_it_forgets_by_itself(self):
        expiry = properties("Ledger")["TimeToLiveSpecification"]
        self.assertEqual(expiry, {"AttributeName": "expires", "Enabled": True})

    def test_its_encryption_needs_no_key_that_can_be_denied(self):
        self.assertNotIn("SSESpecification", properties("Ledger"))


class Update(unittest.TestCase):
    def test_what_holds_something_keeps_its_name(self):
        """Under another name it would be a new one, and empty."""
        kinds = ["ApiGatewayV2::Api", "DynamoDB::Table", "SQS::Queue", "SecretsManager::Secret"]
        holds = {name for name, resource in RESOURCES.items() if resource["Type"].removeprefix("AWS::") in kinds}
        self.assertEqual(holds, {"Api", "DeadLetterQueue", "ExpectTable", "Ledger", "Queue", "Secret"})


class Removal(unittest.TestCase):
    def test_nothing_that_is_left_behind_blocks_the_next_deployment(self):
        for name, resource in RESOURCES.items():
            self.assertEqual(resource.get("DeletionPolicy", "Delete"), "Delete", name)


class TheWayIn(unittest.TestCase):
    def test_these_routes_and_no_others(self):
        self.assertEqual(sorted(route["RouteKey"] for route in of_type("AWS::ApiGatewayV2::Route")), ROUTES)
        self.assertEqual(of_type("AWS::Serverless::HttpApi") + of_type("AWS::Serverless::Api"), [])
        self.assertNotIn("Events", of_type("AWS::Serverless::Function")[0])

    def test_the_access_log_is_json_and_says_nothing_of_sender_or_content(self):
        self.assertEqual(log_line().pop("function"), "Function")
        values = [value for name, value in log_line().items() if name != "function"]
        self.assertEqual(sorted(value.removeprefix("$context.") for value in values), LOGGED)

    def test_the_apis_own_429_are_counted_from_the_access_log(self):
        (found,) = Stack().of_type("AWS::Logs::MetricFilter")
        self.assertEqual(found["LogGroupName"], "AccessLogs")
        self.assertEqual(found["FilterPattern"], '{ ($.status = "429") && ($.function = "*") }')
        self.assertEqual(found["MetricTransformations"], [{
            "MetricNamespace": "OrderAlerts",
            "MetricName": "TooManyRequests",
            "MetricValue": "1",
            "Unit": "Count",
            "Dimensions": [{"Key": "Function", "Value": "$.function"}],
        }])
        # The log has both fields, and both as texts.
        self.assertEqual(log_line()["status"], "$context.status")

    def test_a_route_that_is_deployed_keeps_its_name(self):
        named = {name: properties(name)["RouteKey"] for name in RESOURCES if name.endswith("Route")}
        self.assertEqual(named, {
            "WebhookRoute": "POST /webhook",
            "PlatformWebhookRoute": "POST /webhook/{platform}",
            "OtherPostRoute": "POST /{proxy+}",
            "RootPostRoute": "POST /",
            "HealthRoute": "GET /health",
        })
