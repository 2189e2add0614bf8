"""The examples that CloudWatch's documentation gives of metric math and of missing data come out as it says."""

import unittest

from cloudwatch import Alarm
from metric_math import evaluate

GAP = None


def value(expression, times=(), **series):
    return evaluate(expression, series, times)


class MetricMath(unittest.TestCase):
    def test_comparisons_and_logic_take_a_missing_value_for_0(self):
        series = {"metric1": [30, 20, 0, 0], "metric2": [20, GAP, 20, GAP]}
        self.assertEqual(value("metric1 < metric2", **series), [0, 0, 1, 0])
        self.assertEqual(value("metric1 >= 30", **series), [1, 0, 0, 0])
        self.assertEqual(value("metric1 > 15 AND metric2 > 15", **series), [1, 0, 0, 0])

    def test_if_chooses_for_every_place(self):
        series = {
            "metric1": [1, 1, 0, 0, GAP],
            "metric2": [30, GAP, 0, 0, 30],
            "metric3": [0, 0, 20, GAP, 20],
        }
        self.assertEqual(value("IF(metric1, metric2, metric3)", **series), [30, 0, 20, GAP, GAP])
        self.assertEqual(value("IF(metric1, 5, metric3)", **series), [5, 5, 20, GAP, GAP])
        self.assertEqual(value("IF(metric1, metric2, 5)", **series), [30, 0, 5, 5, GAP])

    def test_if_takes_a_whole_series_by_a_scalar(self):
        series = {"metric2": [1, GAP], "metric3": [GAP, 4]}
        self.assertEqual(value("IF(18 < 2, metric2, metric3)", **series), [GAP, 4])
        self.assertEqual(value("IF(9 < 21, metric2, metric3)", **series), [1, GAP])

    def test_a_sum_takes_a_missing_value_for_0_and_a_division_by_zero_is_dropped(self):
        self.assertEqual(value("a + b", a=[1, GAP, GAP], b=[GAP, 2, GAP]), [1, 2, GAP])
        self.assertEqual(value("100 * a / b", a=[1, 1, GAP], b=[4, 0, 2]), [25, GAP, 0])

    def test_fill_fills(self):
        self.assertEqual(value("FILL(a, 0)", a=[GAP, 2]), [0, 2])

    def test_hour_and_epoch_need_no_value(self):
        times = [1_767_225_600 + hour * 3_600 for hour in (8, 9)]
        self.assertEqual(value("HOUR(a)", times=times, a=[GAP, GAP]), [8, 9])
        self.assertEqual(value("EPOCH(a)", times=times, a=[GAP, GAP]), times)

    def test_the_largest_of_a_series_is_a_scalar(self):
        self.assertEqual(value("MAX(a)", a=[1, GAP, 3, 2]), 3)
        self.assertEqual(value("a - MAX(a)", a=[1, GAP, 3]), [-2, GAP, 0])

    def test_what_the_template_does_not_use_is_not_known(self):
        with self.assertRaises(SyntaxError):
            value("RUNNING_SUM(a)", a=[1])


class MissingData(unittest.TestCase):
    """A point of 0 is fine, one of 1 is breaching, and the evaluation range has five."""

    def states(self, points, to_alarm):
        properties = {
            "ComparisonOperator": "GreaterThanThreshold", "Threshold": 0,
            "EvaluationPeriods": 3, "DatapointsToAlarm": to_alarm,
        }
        return [
            Alarm(properties | {"TreatMissingData": treatment}).state(points)
            for treatment in ("breaching", "notBreaching")
        ]

    def test_three_of_three(self):
        for points, states in [
            ([0, GAP, 1, GAP, 1], ["OK", "OK"]),
            ([0, GAP, GAP, GAP, GAP], ["OK", "OK"]),
            ([GAP, GAP, GAP, GAP, GAP], ["ALARM", "OK"]),
            ([0, 1, 1, GAP, 1], ["ALARM", "ALARM"]),
            ([GAP, GAP, 1, GAP, GAP], ["ALARM", "OK"]),
        ]:
            self.assertEqual(self.states(points, 3), states, points)

    def test_two_of_three(self):
        for points, states in [
            ([0, GAP, 1, GAP, 1], ["ALARM", "ALARM"]),
            ([0, 0, 1, 0, 1], ["ALARM", "ALARM"]),
            ([0, GAP, 1, GAP, GAP], ["ALARM", "OK"]),
            ([GAP, GAP, GAP, GAP, 0], ["ALARM", "OK"]),
            ([GAP, GAP, GAP, 1, GAP], ["ALARM", "OK"]),
        ]:
            self.assertEqual(self.states(points, 2), states, points)
