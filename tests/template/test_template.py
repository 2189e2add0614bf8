"""The promises of template.yaml that a linter does not know of."""

import json
import re
import unittest
from pathlib import Path

from cfnlint.decode import cfn_yaml

TEMPLATE = cfn_yaml.load(str(Path(__file__).parents[2] / "template.yaml"))
RESOURCES = TEMPLATE["Resources"]

ACTIONS = ["logs:CreateLogStream", "logs:PutLogEvents", "secretsmanager:GetSecretValue"]
ROUTES = ["GET /health", "POST /webhook", "POST /webhook/{platform}"]
VARIABLES = [
    "CUSTOMER", "DELIVERY", "LANGUAGE", "MENTION", "MENTION_ABOVE", "PUBLIC_URL", "SECRET_ID",
    "SHOW_CANCELLED", "SHOW_CREATED", "SHOW_MODIFIED",
]
LOGGED = [
    "error.message", "integration.requestId", "integrationErrorMessage", "integrationLatency",
    "integrationStatus", "requestId", "responseLatency", "routeKey", "status",
]


def of_type(kind):
    return [resource["Properties"] for resource in RESOURCES.values() if resource["Type"] == kind]


def as_list(value):
    return value if isinstance(value, list) else [value]


def statements():
    for role in of_type("AWS::IAM::Role"):
        for policy in role["Policies"]:
            yield from policy["PolicyDocument"]["Statement"]


def referenced(node):
    """Every name that a Ref, a GetAtt or a Sub inside the node refers to."""
    if isinstance(node, list):
        return set().union(*map(referenced, node))
    if not isinstance(node, dict):
        return set()
    names = set()
    for key, value in node.items():
        if key == "Ref":
            names.add(value)
        elif key == "Fn::GetAtt":
            names.add(value.split(".")[0] if isinstance(value, str) else value[0])
        elif key == "Fn::Sub":
            text = as_list(value)[0]
            names.update(name.split(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", text))
        names |= referenced(value)
    return names


class Permissions(unittest.TestCase):
    def test_the_function_may_do_exactly_this(self):
        actions = [action for statement in statements() for action in as_list(statement["Action"])]
        self.assertEqual(sorted(actions), ACTIONS)

    def test_each_statement_names_one_resource_of_this_stack(self):
        for statement in statements():
            self.assertNotIn("*", as_list(statement["Resource"]))
            self.assertEqual(len(referenced(statement["Resource"]) & set(RESOURCES)), 1, statement)

    def test_no_role_takes_a_policy_from_elsewhere(self):
        self.assertEqual([role for role in of_type("AWS::IAM::Role") if "ManagedPolicyArns" in role], [])
        self.assertEqual(of_type("AWS::IAM::Policy") + of_type("AWS::IAM::ManagedPolicy"), [])
        for function in of_type("AWS::Serverless::Function"):
            self.assertNotIn("Policies", function)
            self.assertIn("Role", function)


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
        (function,) = of_type("AWS::Serverless::Function")
        self.assertEqual(sorted(function["Environment"]["Variables"]), VARIABLES)


class TheWayIn(unittest.TestCase):
    def test_these_routes_and_no_others(self):
        self.assertEqual(sorted(route["RouteKey"] for route in of_type("AWS::ApiGatewayV2::Route")), ROUTES)
        self.assertEqual(of_type("AWS::Serverless::HttpApi") + of_type("AWS::Serverless::Api"), [])
        self.assertNotIn("Events", of_type("AWS::Serverless::Function")[0])

    def test_the_access_log_is_json_and_says_nothing_of_sender_or_content(self):
        (stage,) = of_type("AWS::ApiGatewayV2::Stage")
        values = json.loads(stage["AccessLogSettings"]["Format"]).values()
        self.assertEqual(sorted(value.removeprefix("$context.") for value in values), LOGGED)
