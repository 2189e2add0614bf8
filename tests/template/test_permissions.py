"""Who may do what: the function exactly what its code calls, and others only what they must."""

import re
import unittest

from template import PROJECT, RESOURCES, Stack, as_list, of_type

# The files that call AWS, and the service and resource that each calls.
CALLERS = {
    "src/ledger/dynamodb.rs": ("dynamodb", "Ledger"),
    "src/queue.rs": ("sqs", "Queue"),
    "src/secret/cache.rs": ("secretsmanager", "Secret"),
    "src/summary/table.rs": ("dynamodb", "ExpectTable"),
    "src/watch/table.rs": ("dynamodb", "ExpectTable"),
}
CALL = re.compile(r"\bclient\s*\.(\w+)\(\)")
DEAD_LETTERS = re.compile(r"\bclient\.(\w+)\(\)\.queue_url\(self\.dead_letters")
# What is no call of AWS: the client's settings.
NO_CALL = {"config"}
# What Lambda does with the function's role.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
OF_LAMBDA = {
    "FunctionLogs": {"logs:CreateLogStream", "logs:PutLogEvents"},
    "Queue": {
        "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage",
    },
}
# X-Ray takes no narrower resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html.
OF_X_RAY = {"*": {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}}


def called():
    """What the function's code calls, by resource."""
    actions = {}
    for file in sorted((PROJECT / "src").rglob("*.rs")):
        path = file.relative_to(PROJECT).as_posix()
        if path.startswith("src/bin/"):
            continue
        code = file.read_text().split("#[cfg(test)]\nmod tests")[0]
        calls = set(CALL.findall(code)) - NO_CALL
        if "use aws_sdk_" in code and calls:
            service, resource = CALLERS[path]
            actions.setdefault(resource, set()).update(action(service, call) for call in calls)
        if found := DEAD_LETTERS.findall(code):
            actions["DeadLetterQueue"] = {action("sqs", call) for call in found}
    return actions


def action(service, call):
    """A batch needs the permission of each of its parts."""
    return f"{service}:{call.removesuffix('_batch').title().replace('_', '')}"


def allowed(**parameters):
    """What the function's role allows, by resource."""
    actions = {}
    (role,) = Stack(**parameters).of_type("AWS::IAM::Role")
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            resource, _, attribute = statement["Resource"].partition(".")
            assert resource == "*" or attribute in ["Arn", "Id"] and resource in RESOURCES, statement
            assert resource not in actions, statement
            actions[resource] = set(as_list(statement["Action"]))
    return actions


def needed(*without):
    actions = {resource: names for resource, names in called().items() if resource not in without}
    for resource, names in OF_LAMBDA.items():
        actions[resource] = actions.get(resource, set()) | names
    return actions


class Function(unittest.TestCase):
    def test_the_calls_of_the_code_are_found(self):
        calls = called()
        self.assertEqual(calls["Secret"], {"secretsmanager:GetSecretValue"})
        self.assertEqual(calls["DeadLetterQueue"], {"sqs:SendMessage"})
        self.assertLess({"sqs:SendMessage", "sqs:DeleteMessage"}, calls["Queue"])
        self.assertIn("dynamodb:Query", calls["ExpectTable"])

    def test_it_may_do_what_its_code_calls_and_no_more(self):
        plain = needed("ExpectTable")
        self.assertEqual(allowed(), plain)
        self.assertEqual(allowed(Tracing="on"), plain | OF_X_RAY)
        # A second table, where steps are expected or days are summed up.
        self.assertEqual(allowed(Expect="created -> accepted in 4 min"), needed())
        self.assertEqual(allowed(SummaryHour="0"), needed())

    def test_no_role_takes_a_policy_from_elsewhere(self):
        self.assertEqual([role for role in of_type("AWS::IAM::Role") if "ManagedPolicyArns" in role], [])
        self.assertEqual(of_type("AWS::IAM::Policy") + of_type("AWS::IAM::ManagedPolicy"), [])
        for function in of_type("AWS::Serverless::Function"):
            self.assertNotIn("Policies", function)
            self.assertIn("Role", function)


class Others(unittest.TestCase):
    """What else AWS does for the stack, it does for this account and this stack alone."""

    def test_each_that_may_invoke_the_function_is_one_of_this_account(self):
        permissions = Stack(Expect="created -> accepted in 4 min").of_type("AWS::Lambda::Permission")
        principals = [permission["Principal"] for permission in permissions]
        self.assertEqual(sorted(principals), [
            "apigateway.amazonaws.com", "events.amazonaws.com", "lambda.alarms.cloudwatch.amazonaws.com",
        ])
        for permission in permissions:
            source = permission["SourceArn"]
            is_own = source == "EveryMinute.Arn" or re.match(r"arn:aws:[a-z-]+:us-east-1:111122223333:", source)
            self.assertTrue(is_own, source)
            self.assertNotIn("*", source.removesuffix("/*").removesuffix("-*"))

    def test_no_policy_of_a_resource_lets_in_all_of_the_world(self):
        stack = Stack(Expect="created -> accepted in 4 min", AlarmEmail="alarms@example.com")
        documents = [
            resource["PolicyDocument"] for kind in ("AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy")
            for resource in stack.of_type(kind)
        ]
        self.assertEqual(len(documents), 1)
        for statement in documents[0]["Statement"]:
            self.assertEqual(statement["Principal"], {"Service": "cloudwatch.amazonaws.com"})
            self.assertNotIn("*", str(statement["Action"]))
            self.assertTrue(statement["Condition"], statement)


if __name__ == "__main__":
    unittest.main()
