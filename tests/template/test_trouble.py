"""When the alarms about order-alerts itself fire, and when they do not."""

import unittest

from cloudwatch import alarm, at

NOON = at("12:00")
# How long a retried message waits, in seconds: twice as long every time, a quarter of an hour at most.
WAITS = [15, 30, 60, 120, 240, 480] + [900] * 100


def tries(begin, end, late=0):
    """The minutes of the tries of an order that Slack refuses, each so many seconds later than it could be."""
    second, found = at(begin) * 60, {}
    for wait in WAITS:
        if second >= at(end) * 60:
            break
        found[second // 60] = found.get(second // 60, 0) + 1
        second += wait + late
    return found


def every_minute(begin, end, value=1):
    return {minute: value for minute in range(at(begin), at(end))}


class Slack(unittest.TestCase):
    def changes(self, refused):
        return alarm("slack-refuses").changes(SlackRefused=refused)

    def test_a_message_that_can_never_be_shown_is_no_alarm(self):
        """It is refused three times, and then dead-lettered."""
        self.assertEqual(self.changes({NOON: 2, NOON + 1: 1}), [])
        self.assertEqual(self.changes({NOON + 4: 1, NOON + 5: 2}), [])

    def test_a_lone_order_that_slack_refuses_for_hours_is_one_alarm(self):
        for late in (0, 5, 20):
            (begin, end) = self.changes(tries("12:00", "17:00", late))
            self.assertEqual((begin[1], end[1]), ("ALARM", "OK"))
            self.assertTrue("12:05" <= begin[0] <= "12:15", begin)
            self.assertTrue("17:00" <= end[0] <= "18:00", end)

    def test_a_busy_shop_hears_of_it_within_minutes_and_of_the_end_in_little_more_than_an_hour(self):
        expected = [("12:04", "ALARM"), ("14:14", "OK")]
        self.assertEqual(self.changes(every_minute("12:00", "13:00", 5)), expected)


class Function(unittest.TestCase):
    def test_a_failure_that_passes_is_no_alarm(self):
        for name, metric in [("errors", "Errors"), ("throttles", "Throttles")]:
            passing = every_minute("12:00", "12:04", 7)
            self.assertEqual(alarm(name).changes(**{metric: passing}), [], name)
            working = every_minute("00:00", "24:00", 0)
            self.assertEqual(alarm(name).changes(**{metric: working | passing}), [], name)

    def test_one_that_lasts_is(self):
        for name, metric in [("errors", "Errors"), ("throttles", "Throttles")]:
            values = every_minute("00:00", "24:00", 0) | every_minute("12:00", "13:00")
            expected = [("12:05", "ALARM"), ("13:26", "OK")]
            self.assertEqual(alarm(name).changes(**{metric: values}), expected, name)

    def test_a_message_that_fails_at_every_delivery_is(self):
        every_three_minutes = {minute: 1 for minute in range(NOON, at("14:00"), 3)}
        self.assertEqual(len(alarm("errors").changes(Errors=every_three_minutes)), 2)


class Webhooks(unittest.TestCase):
    def test_a_few_strangers_are_no_alarm(self):
        strangers = {minute: 1 for minute in range(0, at("24:00"), 2)}
        self.assertEqual(alarm("rejected-webhooks").changes(WebhooksRejected=strangers), [])

    def test_a_wrong_key_or_a_changed_body_or_a_lost_secret_is(self):
        webhooks = {NOON: 2, NOON + 3: 3}
        expected = [("12:04", "ALARM"), ("12:06", "OK")]
        for reason in ("WebhooksRejected", "WebhooksUnreadable", "WebhooksNotTaken"):
            self.assertEqual(alarm("rejected-webhooks").changes(**{reason: webhooks}), expected, reason)

    def test_whatever_the_reason_those_that_are_turned_away_are_added_up(self):
        found = alarm("rejected-webhooks").changes(
            WebhooksRejected={NOON: 2}, WebhooksUnreadable={NOON + 1: 1}, WebhooksNotTaken={NOON + 3: 2},
        )
        self.assertEqual(found, [("12:04", "ALARM"), ("12:06", "OK")])


class Queues(unittest.TestCase):
    def test_a_digest_that_waits_for_the_end_of_the_longest_window_is_no_alarm(self):
        ages = {minute: (minute % 15) * 60 + 62 for minute in range(at("24:00"))}
        self.assertEqual(alarm("queue-age").changes(ApproximateAgeOfOldestMessage=ages), [])

    def test_an_order_that_nobody_takes_is_one_after_half_an_hour(self):
        ages = {NOON + minute: minute * 60 for minute in range(45)}
        expected = [("12:31", "ALARM"), ("12:48", "OK")]
        self.assertEqual(alarm("queue-age").changes(ApproximateAgeOfOldestMessage=ages), expected)

    def test_a_dead_letter_is_one_until_it_is_gone(self):
        letters = every_minute("12:00", "15:00") | every_minute("15:00", "20:00", 0)
        expected = [("12:01", "ALARM"), ("15:01", "OK")]
        self.assertEqual(alarm("dead-letters").changes(ApproximateNumberOfMessagesVisible=letters), expected)


class MissingData(unittest.TestCase):
    def test_it_is_no_trouble(self):
        for name in ("rejected-webhooks", "slack-refuses", "queue-age", "dead-letters", "errors", "throttles"):
            self.assertEqual(alarm(name).changes(), [], name)
