"""When the alarms about order-alerts itself fire, and when they do not."""

import unittest

from cloudwatch import SPARE_PERIODS, Alarm, alarm, at

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
    """An order that is posted has one value of SecondsToSlack."""

    def changes(self, refused, posted={}, unexpected={}, spare=SPARE_PERIODS):
        watching = Alarm(alarm("slack-refuses").properties, spare)
        return watching.changes(SlackRefused=refused, SecondsToSlack=posted, SlackUnexpectedReply=unexpected)

    def test_a_message_that_can_never_be_shown_is_no_alarm(self):
        """It is refused three times, and then dead-lettered."""
        self.assertEqual(self.changes({NOON: 2, NOON + 1: 1}), [])
        self.assertEqual(self.changes({NOON + 4: 1, NOON + 5: 2}), [])

    def test_one_that_is_refused_among_others_that_are_accepted_is_none(self):
        accepted = {minute: 1 for minute in range(0, at("24:00"), 5)}
        self.assertEqual(self.changes({NOON + minute: 2 for minute in (1, 2, 3, 6, 7, 8, 11)}, accepted), [])
        self.assertEqual(self.changes(every_minute("12:00", "14:00", 2), every_minute("00:00", "24:00")), [])

    def test_a_lone_order_that_slack_refuses_for_hours_is_one_alarm(self):
        for late in (0, 5, 20):
            (begin, end) = self.changes(tries("12:00", "17:00", late), posted={at("17:05"): 1})
            self.assertEqual((begin[1], end), ("ALARM", ("17:06", "OK")))
            self.assertTrue("12:05" <= begin[0] <= "12:15", begin)

    def test_an_order_every_quarter_of_an_hour_that_is_refused_is_one_within_the_hour(self):
        refused = {minute: 1 for minute in range(NOON, at("15:00"), 15)}
        expected = [("12:46", "ALARM"), ("15:03", "OK")]
        self.assertEqual(self.changes(refused, posted={at("11:59"): 1, at("15:02"): 1}), expected)

    def test_a_busy_shop_hears_within_minutes_of_an_outage_and_of_its_end(self):
        refused = every_minute("12:00", "12:10", 5)
        posted = every_minute("00:00", "12:00", 5) | every_minute("12:11", "24:00", 5)
        self.assertEqual(self.changes(refused, posted), [("12:04", "ALARM"), ("12:12", "OK")])

    def test_a_second_outage_half_an_hour_later_is_another_alarm(self):
        refused = every_minute("12:00", "12:10", 5) | every_minute("12:40", "13:00", 5)
        posted = every_minute("00:00", "12:00") | every_minute("12:10", "12:40") | every_minute("13:00", "24:00")
        expected = [("12:04", "ALARM"), ("12:11", "OK"), ("12:44", "ALARM"), ("13:01", "OK")]
        self.assertEqual(self.changes(refused, posted), expected)

    def test_it_is_the_same_however_many_minutes_cloudwatch_requests(self):
        refused = every_minute("12:00", "12:10") | {minute: 1 for minute in range(at("13:00"), at("16:00"), 15)}
        posted = every_minute("00:00", "12:00") | {at("12:20"): 1, at("16:01"): 1}
        expected = [("12:04", "ALARM"), ("12:21", "OK"), ("13:46", "ALARM"), ("16:02", "OK")]
        for spare in (0, SPARE_PERIODS, 60):
            self.assertEqual(self.changes(refused, posted, spare=spare), expected, spare)

    def test_the_minutes_in_which_an_outage_begins_and_ends_may_have_both(self):
        refused = every_minute("12:00", "12:11", 5)
        posted = every_minute("00:00", "12:01", 5) | every_minute("12:10", "24:00", 5)
        self.assertEqual(self.changes(refused, posted), [("12:05", "ALARM"), ("12:11", "OK")])

    def test_without_another_order_it_is_over_when_the_last_refusal_is_long_ago(self):
        (begin, end) = self.changes(every_minute("12:00", "13:00", 5))
        self.assertEqual((begin, end), (("12:04", "ALARM"), ("14:12", "OK")))

    def test_a_shop_whose_orders_never_find_an_address_is_one(self):
        self.assertEqual(self.changes(tries("00:00", "24:00"))[0][1], "ALARM")

    def test_an_unexpected_reply_counts_as_a_refusal(self):
        strange = every_minute("12:00", "12:30", 2)
        posted = every_minute("00:00", "24:00", 2)
        expected = [("12:04", "ALARM"), ("12:31", "OK")]
        self.assertEqual(self.changes({}, posted, strange), expected)
        self.assertEqual(self.changes(strange, posted, strange), expected)

    def test_an_unexpected_reply_now_and_then_is_no_alarm(self):
        strange = {minute: 1 for minute in range(0, at("24:00"), 3)}
        self.assertEqual(self.changes({}, every_minute("00:00", "24:00"), strange), [])


class Ledger(unittest.TestCase):
    def changes(self, failures):
        return alarm("ledger").changes(LedgerUnavailable=failures)

    def test_a_call_that_fails_now_and_then_is_no_alarm(self):
        self.assertEqual(self.changes({minute: 1 for minute in range(0, at("24:00"), 3)}), [])
        self.assertEqual(self.changes(every_minute("12:00", "12:04", 40)), [])

    def test_a_ledger_out_of_reach_is_one_until_it_is_back(self):
        self.assertEqual(self.changes(every_minute("12:00", "13:00", 3)), [("12:05", "ALARM"), ("13:08", "OK")])

    def test_an_order_every_other_minute_is_enough(self):
        (begin, *_) = self.changes({minute: 1 for minute in range(NOON, at("14:00"), 2)})
        self.assertEqual(begin, ("12:09", "ALARM"))


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


class UnreadableRules(unittest.TestCase):
    def test_one_that_a_start_of_the_function_finds_is_an_alarm_for_six_hours(self):
        found = alarm("unreadable-rules").changes(RulesUnreadable={NOON: 2})
        self.assertEqual(found, [("12:01", "ALARM"), ("18:11", "OK")])

    def test_starts_within_six_hours_are_one_alarm(self):
        starts = {minute: 1 for minute in range(at("02:00"), at("14:00"), 350)}
        self.assertEqual(len(alarm("unreadable-rules").changes(RulesUnreadable=starts)), 2)


class Webhooks(unittest.TestCase):
    def test_a_few_strangers_are_no_alarm(self):
        strangers = {minute: 1 for minute in range(0, at("24:00"), 2)}
        self.assertEqual(alarm("rejected-webhooks").changes(WebhooksRejected=strangers), [])

    def test_no_number_of_requests_without_a_credential_is(self):
        flood = {minute: 50 for minute in range(NOON, NOON + 60)}
        watching = alarm("rejected-webhooks")
        self.assertEqual(watching.changes(WebhooksUnsigned=flood), [])
        points = watching.points({"WebhooksUnsigned": flood}, NOON + 30)
        self.assertEqual(set(points), {0})

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


class Api(unittest.TestCase):
    def test_a_minute_in_which_it_refuses_anything_by_its_rate_is_an_alarm_for_half_an_hour(self):
        expected = [("12:01", "ALARM"), ("12:33", "OK")]
        self.assertEqual(alarm("too-many-requests").changes(TooManyRequests={NOON: 3}), expected)

    def test_repeated_floods_are_one_alarm(self):
        floods = {minute: 5_000 for minute in range(NOON, at("15:00"), 10)}
        expected = [("12:01", "ALARM"), ("15:23", "OK")]
        self.assertEqual(alarm("too-many-requests").changes(TooManyRequests=floods), expected)

    def test_what_the_function_refuses_is_none(self):
        strangers = every_minute("00:00", "24:00", 50)
        refused = {"WebhooksUnsigned": strangers, "WebhooksRejected": strangers, "4xx": strangers}
        self.assertEqual(alarm("too-many-requests").changes(**refused), [])

    def test_neither_alarm_promises_that_no_order_is_missing(self):
        for name in ("too-many-requests", "rejected-webhooks"):
            description = alarm(name).properties["AlarmDescription"]
            self.assertRegex(description, "orders (of it are probably|may be) missing")
            self.assertNotRegex(description, "no order is missing|nothing is missing")


class Queues(unittest.TestCase):
    def test_a_digest_that_waits_for_the_end_of_its_window_is_no_alarm(self):
        for window in (1, 60, 600, 900):
            # It ends two seconds later, and SQS measures once a minute.
            ages = {minute: min(minute * 60 % window + 60, window + 2) for minute in range(at("24:00"))}
            watching = alarm("queue-age", DigestSeconds=window, QueueAgeSeconds=300)
            self.assertEqual(watching.changes(ApproximateAgeOfOldestMessage=ages), [], window)

    def test_an_order_that_is_not_received_is_one_half_an_hour_after_its_digest_was_due(self):
        ages = {NOON + minute: minute * 60 for minute in range(60)}
        for window, expected in [(60, "12:32"), (900, "12:46")]:
            watching = alarm("queue-age", DigestSeconds=window)
            found = watching.changes(ApproximateAgeOfOldestMessage=ages)
            self.assertEqual(found, [(expected, "ALARM"), ("13:03", "OK")], window)

    def test_a_dead_letter_is_one_until_it_is_gone(self):
        letters = every_minute("12:00", "15:00") | every_minute("15:00", "20:00", 0)
        expected = [("12:01", "ALARM"), ("15:01", "OK")]
        self.assertEqual(alarm("dead-letters").changes(ApproximateNumberOfMessagesVisible=letters), expected)


class MissingData(unittest.TestCase):
    def test_it_is_no_trouble(self):
        names = (
            "rejected-webhooks", "too-many-requests", "slack-refuses", "queue-age", "dead-letters", "ledger", "errors", "throttles", "unreadable-rules",
        )
        for name in names:
            self.assertEqual(alarm(name).changes(), [], name)
