"""CloudWatch's evaluation of an alarm of the template, minute by minute.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html
"""

import operator

from metric_math import evaluate
from template import Stack

# How many periods more than it needs CloudWatch looks back, should some have no data point. AWS gives it by example.
SPARE_PERIODS = 2
COMPARISONS = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}
# Of a metric for SampleCount, the tests give by the minute how many values it has.
STATISTICS = {"Sum": sum, "Maximum": max, "SampleCount": sum}
MINUTES_OF_A_DAY = 24 * 60
# 2026-01-01, in seconds since 1970.
FIRST_MIDNIGHT = 1_767_225_600


class Alarm:
    def __init__(self, properties, spare_periods=SPARE_PERIODS):
        self.properties = properties
        self.spare_periods = spare_periods
        self.needed = properties["EvaluationPeriods"]
        self.to_alarm = properties.get("DatapointsToAlarm", self.needed)

    def changes(self, days=1, late=0, fills_the_empty=True, **metrics):
        """When the alarm changes its state, and to which, from OK at the first midnight.

        A metric has its values by the minute. CloudWatch hears of them so many minutes late.
        """
        changes, before = [], "OK"
        for now in range(days * MINUTES_OF_A_DAY):
            state = self.state(self.points(metrics, now, late, fills_the_empty))
            if state != before:
                changes.append((clock(now), state))
            before = state
        return changes

    def state(self, points):
        """The state by the data points of the evaluation range, oldest first, None where there is none."""
        real = [point for point in points if point is not None][-self.needed:]
        breaching = sum(map(self.breaches, real))
        match self.properties["TreatMissingData"]:
            case "breaching":
                breaching += self.needed - len(real)
            case "notBreaching":
                pass
            case other:
                raise NotImplementedError(other)
        return "ALARM" if breaching >= self.to_alarm else "OK"

    def breaches(self, point):
        compare = COMPARISONS[self.properties["ComparisonOperator"]]
        return compare(point, self.properties["Threshold"])

    def points(self, metrics, now, late=0, fills_the_empty=True):
        """One for every period of the evaluation range. The last of them ends now."""
        series = {}
        for query in self.queries():
            if "MetricStat" in query:
                starts = self.starts(query["MetricStat"]["Period"], now)
                found = statistics(query["MetricStat"], metrics, starts, now - late)
            else:
                times = [FIRST_MIDNIGHT + start * 60 for start in starts]
                found = evaluate(query["Expression"], series, times, fills_the_empty)
            series[query["Id"]] = found
        return found

    def queries(self):
        """In the order of their dependencies; the last one is the alarm's."""
        if "Metrics" in self.properties:
            return self.properties["Metrics"]
        metric = {"MetricName": self.properties["MetricName"]}
        stat = {"Metric": metric, "Period": self.properties["Period"], "Stat": self.properties["Statistic"]}
        return [{"Id": "metric", "MetricStat": stat}]

    def starts(self, period, now):
        count = self.needed + self.spare_periods
        return [now - number * period // 60 for number in range(count, 0, -1)]


def statistics(stat, metrics, starts, end):
    values = metrics.get(stat["Metric"]["MetricName"], {})
    length = stat["Period"] // 60
    found = []
    for start in starts:
        minutes = range(start, min(start + length, end))
        inside = [values[minute] for minute in minutes if minute in values]
        found.append(STATISTICS[stat["Stat"]](inside) if inside else None)
    return found


def alarm(end_of_name, **parameters):
    """That alarm of a stack with these parameters."""
    alarms = Stack(**parameters).of_type("AWS::CloudWatch::Alarm")
    (found,) = [alarm for alarm in alarms if alarm["AlarmName"] == f"shop-{end_of_name}"]
    return Alarm(found)


def clock(minute):
    day, minute = divmod(minute, MINUTES_OF_A_DAY)
    time = f"{minute // 60:02}:{minute % 60:02}"
    return f"day {day + 1}, {time}" if day else time


def at(time):
    """The minute of the first day that a clock shows."""
    hours, minutes = time.split(":")
    return int(hours) * 60 + int(minutes)
