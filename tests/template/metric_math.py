"""CloudWatch's metric math, as far as the template uses it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html

A series is a list of values, with None where it has no data point; a scalar is a number. Python's True and False are 1
and 0.
"""

import ast
import operator
from functools import cache, partial, reduce


def divided(dividend, divisor):
    """A division by zero has no data point."""
    return dividend / divisor if divisor else None


ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: divided}
COMPARISONS = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
LOGIC = {ast.And: lambda left, right: bool(left and right), ast.Or: lambda left, right: bool(left or right)}


def evaluate(expression, series, times, fills_the_empty=True):
    """The value of the expression, whose names stand for these series.

    `times` are in seconds since 1970, one for each place of a series. AWS does not say whether FILL fills a series
    without a single data point, so that this can be chosen.
    """

    def value(node):
        match node:
            case ast.Constant(int() | float() as number):
                return number
            case ast.Name(name):
                return series[name]
            case ast.BinOp(left, operation, right):
                return combined(ARITHMETIC[type(operation)], value(left), value(right))
            case ast.Compare(left, [operation], [right]):
                return combined(COMPARISONS[type(operation)], value(left), value(right))
            case ast.BoolOp(operation, operands):
                return reduce(partial(combined, LOGIC[type(operation)]), map(value, operands))
            case ast.Call(ast.Name("IF"), [condition, then, otherwise]):
                return chosen(value(condition), value(then), value(otherwise))
            case ast.Call(ast.Name("FILL"), [filled, ast.Constant(filler)]):
                return fill(value(filled), filler, fills_the_empty)
            case ast.Call(ast.Name("HOUR"), [ast.Name()]):
                return [time // 3600 % 24 for time in times]
            case ast.Call(ast.Name("EPOCH"), [ast.Name()]):
                return list(times)
            case ast.Call(ast.Name("MAX"), [argument]):
                return largest(value(argument))
        raise SyntaxError(f"not known here: {ast.unparse(node)}")

    return value(parsed(expression))


@cache
def parsed(expression):
    """But for AND and OR, it is written as Python is."""
    python = expression.replace(" AND ", " and ").replace(" OR ", " or ")
    return ast.parse(python, mode="eval").body


def combined(operation, left, right):
    """Where one of two series has a data point, the missing one of the other counts as 0."""
    match left, right:
        case list(), list():
            pairs = zip(left, right, strict=True)
            return [None if (a, b) == (None, None) else operation(a or 0, b or 0) for a, b in pairs]
        case list(), scalar:
            return [None if a is None else operation(a, scalar) for a in left]
        case scalar, list():
            return [None if b is None else operation(scalar, b) for b in right]
    return operation(left, right)


def fill(values, filler, fills_the_empty):
    if not fills_the_empty and all(value is None for value in values):
        return values
    return [filler if value is None else value for value in values]


def largest(values):
    """Of a single series, a scalar."""
    return max(value for value in values if value is not None)


def chosen(condition, then, otherwise):
    if not isinstance(condition, list):
        return then if condition else otherwise
    return [choice(*place) for place in zip(condition, *(spread(side, condition) for side in (then, otherwise)))]


def choice(condition, then, otherwise):
    """Without a data point, a true place is 0, and a false one has none either."""
    if condition is None:
        return None
    if condition:
        return 0 if then is None else then
    return otherwise


def spread(value, series):
    return value if isinstance(value, list) else [value] * len(series)
