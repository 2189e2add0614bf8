"""When the alarm about cancellations fires, and when it does not."""

import random
import unittest

from cloudwatch import alarm, at


def spread(count, begin, end):
    """So many orders, evenly over that time."""
    begin, end = at(begin), at(end)
    found = {}
    for number in range(count):
        minute = begin + number * (end - begin) // count
        found[minute] = found.get(minute, 0) + 1
    return found


def together(*parts):
    found = {}
    for part in parts:
        for minute, count in part.items():
            found[minute] = found.get(minute, 0) + count
    return found


def changes(created, cancelled, fills=(True, False), late=0, **parameters):
    """The same, whether FILL fills an empty series or not."""
    watching = alarm("cancellations", **parameters)
    metrics = {"OrdersCreated": created, "OrdersCancelled": cancelled}
    first, *others = [watching.changes(fills_the_empty=each, late=late, **metrics) for each in fills]
    assert all(other == first for other in others)
    return first


class ThatRing(unittest.TestCase):
    def test_a_burst_of_cancellations(self):
        created = spread(960, "08:00", "20:00")
        cancelled = together(spread(40, "08:00", "20:00"), spread(60, "12:00", "12:45"))
        ((first, state), (last, end)) = changes(created, cancelled)
        self.assertEqual((state, end), ("ALARM", "OK"))
        self.assertTrue("12:15" < first <= "12:30", first)
        self.assertTrue("13:00" <= last < "13:15", last)

    def test_a_shop_that_cancels_everything_and_gets_no_new_order(self):
        cancelled = spread(120, "12:00", "13:00")
        ((first, state), _) = changes({}, cancelled)
        self.assertEqual(state, "ALARM")
        self.assertTrue("12:15" < first <= "12:30", first)

    def test_a_large_wave_of_five_minutes(self):
        """It lies across the border of two quarters of an hour at some minute, and is large enough for either. That of
        the next two makes it fire a second time."""
        states = [state for _, state in changes({}, spread(100, "12:00", "12:05"))]
        self.assertEqual(states, ["ALARM", "OK"] * 2)

    def test_two_odd_quarters_with_a_calm_one_between_them(self):
        created = spread(60, "12:00", "12:45")
        cancelled = together(spread(12, "12:00", "12:15"), spread(12, "12:30", "12:45"))
        self.assertEqual(changes(created, cancelled)[0][1], "ALARM")

    def test_as_many_as_the_floor(self):
        quarters = [("12:00", "12:15"), ("12:15", "12:30")]
        created = together(*(spread(14, *quarter) for quarter in quarters))
        cancelled = together(*(spread(6, *quarter) for quarter in quarters))
        self.assertEqual(changes(created, cancelled)[0], ("12:29", "ALARM"))
        self.assertEqual(changes(created, cancelled, CancellationFloor=21), [])


class ThatDoNot(unittest.TestCase):
    def test_one_cancellation_of_two_orders(self):
        self.assertEqual(changes({at("12:00"): 2}, {at("12:10"): 1}), [])

    def test_a_few_orders_over_a_day_half_of_them_cancelled(self):
        self.assertEqual(changes(spread(24, "00:00", "24:00"), spread(12, "00:30", "23:30")), [])

    def test_a_single_odd_quarter_of_an_hour(self):
        created = spread(960, "08:00", "20:00")
        cancelled = together(spread(48, "08:00", "20:00"), spread(12, "12:00", "12:15"))
        self.assertEqual(changes(created, cancelled), [])
        # It was odd: alone, it reaches the threshold.
        metrics = {"OrdersCreated": created, "OrdersCancelled": cancelled}
        share = alarm("cancellations").points(metrics, at("12:15"))
        self.assertGreaterEqual(share[-1], 30)
        self.assertTrue(all(point < 30 for point in share[:-1]), share)

    def test_a_day_on_which_chance_cancels_one_order_in_ten(self):
        chance = random.Random(1)
        created = spread(1920, "08:00", "20:00")
        cancelled = {minute: sum(chance.random() < 0.1 for _ in range(count)) for minute, count in created.items()}
        self.assertEqual(changes(created, cancelled), [])

    def test_a_shop_without_any_order(self):
        self.assertEqual(changes({}, {}), [])

    def test_orders_without_any_cancellation(self):
        self.assertEqual(changes(spread(960, "08:00", "20:00"), {}), [])

    def test_cancellations_that_cloudwatch_hears_of_late(self):
        created = spread(960, "08:00", "20:00")
        self.assertEqual(changes(created, spread(96, "08:00", "20:00"), late=3), [])

    def test_missing_data(self):
        self.assertEqual(alarm("cancellations").state([None] * 5), "OK")
