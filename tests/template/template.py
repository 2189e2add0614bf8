"""template.yaml as it stands, and as a stack with certain parameters has it."""

import re
from pathlib import Path

from cfnlint.decode import cfn_yaml

PROJECT = Path(__file__).parents[2]
TEMPLATE = cfn_yaml.load(str(PROJECT / "template.yaml"))
RESOURCES = TEMPLATE["Resources"]
# What AWS fills in. A stack is named as no resource is.
SURROUNDINGS = {
    "AWS::AccountId": "111122223333",
    "AWS::NoValue": None,
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "shop",
}


def of_type(kind):
    return [resource["Properties"] for resource in RESOURCES.values() if resource["Type"] == kind]


def properties(name):
    return RESOURCES[name]["Properties"]


def as_list(value):
    return value if isinstance(value, list) else [value]


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


class Stack:
    """A deployment with these parameters, and the defaults of all others.

    A Ref to a resource stands as the resource's name in the template, and a GetAtt as "Name.Attribute".
    """

    def __init__(self, surroundings={}, **parameters):
        defaults = {name: parameter["Default"] for name, parameter in TEMPLATE["Parameters"].items()}
        unknown = parameters.keys() - defaults
        assert not unknown, f"the template has no parameter {unknown}"
        self.values = defaults | parameters | SURROUNDINGS | surroundings

    def of_type(self, kind):
        """The properties of the resources of that type which this stack has."""
        return [
            self.resolved(resource["Properties"]) for resource in RESOURCES.values()
            if resource["Type"] == kind and self.holds(resource.get("Condition"))
        ]

    def holds(self, condition):
        return condition is None or self.resolved(TEMPLATE["Conditions"][condition])

    def output(self, name):
        return self.resolved(TEMPLATE["Outputs"][name]["Value"])

    def resolved(self, node):
        if isinstance(node, list):
            items = [self.resolved(item) for item in node]
            return [item for item in items if item is not None]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((function, argument),) = node.items()
            if function == "Ref":
                return self.values.get(argument, argument)
            if function.startswith("Fn::"):
                return self.called(function, argument)
        return {key: self.resolved(value) for key, value in node.items()}

    def called(self, function, argument):
        match function:
            case "Fn::GetAtt":
                return ".".join(as_list(argument))
            case "Fn::Sub":
                text, *names = as_list(argument)
                values = self.values | self.resolved(names[0] if names else {})
                return re.sub(r"\$\{([^}]+)\}", lambda name: str(values.get(name[1], name[1])), text)
            case "Fn::FindInMap":
                mapping, first, second = self.resolved(argument)
                return TEMPLATE["Mappings"][mapping][first][second]
            case "Fn::If":
                condition, then, otherwise = argument
                return self.resolved(then if self.holds(condition) else otherwise)
            case "Fn::Not":
                return not self.resolved(argument[0])
            case "Fn::Or":
                return any(self.resolved(argument))
            case "Fn::Equals":
                left, right = self.resolved(argument)
                return str(left) == str(right)
        raise NotImplementedError(function)
