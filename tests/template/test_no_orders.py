"""When the alarm about missing orders fires, and when it does not."""

import unittest

from cloudwatch import Alarm, alarm, at
from template import TEMPLATE

# A kitchen that is open from 9 to 21, and misses its orders after an hour.
KITCHEN = {"NoOrdersMinutes": 60, "OpensAtHour": 9, "ClosesAtHour": 21}
# A bar that is open from 18 to 2.
BAR = KITCHEN | {"OpensAtHour": 18, "ClosesAtHour": 2}
ALWAYS = {"NoOrdersMinutes": 60}
# Just before the first midnight, so that none is missing at it.
BEFORE = {-1: 1}


def orders(begin, end, every=10):
    """One order every so many minutes."""
    return {minute: 1 for minute in range(at(begin), at(end), every)}


def changes(parameters, events, **how):
    return alarm("no-orders", **parameters).changes(EventsAccepted=events, **how)


class OpeningHours(unittest.TestCase):
    def test_a_quiet_night_is_no_alarm(self):
        two_days = orders("09:00", "21:00") | orders("33:00", "45:00")
        self.assertEqual(changes(KITCHEN, two_days, days=2), [])

    def test_without_opening_hours_it_is(self):
        night = BEFORE | orders("00:00", "21:00") | orders("31:00", "48:00")
        expected = [("21:51", "ALARM"), ("day 2, 07:01", "OK")]
        self.assertEqual(changes(ALWAYS, night, days=2), expected)

    def test_the_minutes_after_the_opening_are_no_alarm(self):
        late_start = orders("09:59", "21:00")
        self.assertEqual(changes(KITCHEN, late_start), [])

    def test_an_hour_after_the_opening_is_one(self):
        late_start = orders("10:05", "21:00")
        self.assertEqual(changes(KITCHEN, late_start), [("10:00", "ALARM"), ("10:06", "OK")])

    def test_hours_past_midnight(self):
        nights = BEFORE | orders("00:00", "02:00") | orders("18:00", "26:00")
        self.assertEqual(changes(BAR, nights, days=2), [("day 2, 19:00", "ALARM")])

    def test_a_stop_before_midnight_is_found_after_it(self):
        night = BEFORE | orders("00:00", "02:00") | orders("18:00", "23:30")
        expected = [("day 2, 00:21", "ALARM"), ("day 2, 02:01", "OK")]
        self.assertEqual(changes(BAR, night, days=2)[:2], expected)

    def test_midnight_is_0_and_24_alike(self):
        evening = BEFORE | orders("18:00", "22:00")
        for midnight in (0, 24):
            hours = KITCHEN | {"OpensAtHour": 18, "ClosesAtHour": midnight}
            self.assertEqual(changes(hours, evening), [("22:51", "ALARM")], midnight)
            self.assertEqual(changes(hours, evening, days=2)[1], ("day 2, 00:01", "OK"), midnight)

    def test_the_same_hour_twice_is_always(self):
        hours = KITCHEN | {"OpensAtHour": 9, "ClosesAtHour": 9}
        self.assertEqual(changes(hours, {}), changes(ALWAYS, {}))

    def test_the_end_of_the_day_can_be_told_from_an_order(self):
        closed = alarm("no-orders", **KITCHEN).points({}, at("21:01"))[-1]
        self.assertEqual(closed, 0.5)


class Silence(unittest.TestCase):
    def test_a_shop_that_stops_at_noon(self):
        morning = orders("09:00", "12:00", every=1)
        self.assertEqual(changes(KITCHEN, morning), [("13:00", "ALARM"), ("21:01", "OK")])

    def test_a_shop_that_goes_on_at_three(self):
        with_a_gap = orders("09:00", "12:00", every=1) | orders("15:00", "21:00")
        self.assertEqual(changes(KITCHEN, with_a_gap), [("13:00", "ALARM"), ("15:01", "OK")])

    def test_a_shop_that_never_had_an_order_is_missed_when_it_is_open(self):
        for fills in (True, False):
            found = changes(KITCHEN, {}, days=2, fills_the_empty=fills)
            self.assertEqual(found, [
                ("10:00", "ALARM"), ("21:01", "OK"), ("day 2, 10:00", "ALARM"), ("day 2, 21:01", "OK"),
            ])

    def test_a_shop_that_never_had_an_order_and_is_always_open_is_missed_at_once(self):
        self.assertEqual(changes(ALWAYS, {}), [("00:00", "ALARM")])

    def test_an_order_an_hour_is_enough_for_an_hour(self):
        self.assertEqual(changes(ALWAYS, BEFORE | orders("00:00", "24:00", every=60)), [])
        now_and_then = BEFORE | orders("00:00", "03:00", every=62)
        self.assertEqual(changes(ALWAYS, now_and_then)[:2], [("01:01", "ALARM"), ("01:03", "OK")])

    def test_cloudwatch_may_hear_of_orders_late(self):
        shortest = {"NoOrdersMinutes": 5}
        busy = dict.fromkeys(range(-5, at("24:00")), 1)
        self.assertEqual(changes(shortest, busy, late=3), [])

    def test_fewer_minutes_than_metrics_may_be_late_are_refused(self):
        (assertion,) = TEMPLATE["Rules"]["MetricsMayBeLate"]["Assertions"]
        (contains,) = assertion["Assert"]["Fn::Not"]
        self.assertEqual(contains, {"Fn::Contains": [["1", "2", "3", "4"], {"Ref": "NoOrdersMinutes"}]})

    def test_if_all_else_fails_missing_data_is_silence(self):
        watching = alarm("no-orders", **KITCHEN)
        self.assertEqual(watching.state([None] * 62), "ALARM")
