"""Whatever the visitor breaks, the sum holds and every order is shown in the end."""

import re
import unittest

from playwright.sync_api import expect
from stack import AFTER_AN_OUTAGE, PageTest

# Remembers each sum line that is no sum.
WATCH_THE_SUM = """() => {
    window.wrongSums = [];
    const check = () => {
        const of = (name) => Number(document.querySelector(`#sum [data-number="${name}"]`).textContent);
        if (of("accepted") !== of("shown") + of("left_out") + of("waiting") + of("dead_letters"))
            window.wrongSums.push(document.getElementById("sum-line").textContent);
    };
    new MutationObserver(check).observe(document.getElementById("sum-line"), { childList: true, subtree: true });
}"""
# What people call the orders of these events.
NAMES = "async (events) => (await Promise.all(events.map(lifeOf))).map((life) => life.name)"


class Weather(PageTest):
    def setUp(self):
        super().setUp()
        self.page.evaluate(WATCH_THE_SUM)

    def tearDown(self):
        super().tearDown()
        self.assertEqual(self.page.evaluate("window.wrongSums"), [])

    def test_a_storm_becomes_digests_that_name_every_order(self):
        self.page.click("#storm")
        expect(self.number("accepted")).to_have_text("301", timeout=AFTER_AN_OUTAGE)
        self.expect_all_shown()
        messages = self.stack.state()["messages"]
        self.assertLess(len(messages), 30)
        events = sorted({event for message in messages for event in message["events"]})
        self.assertEqual(len(events), 301)
        lines = self.page.locator("#log").inner_text().splitlines()
        for name in self.page.evaluate(NAMES, events):
            self.assertTrue(any(name in line.split() for line in lines), name)

    def test_what_comes_while_slack_is_down_is_shown_afterwards(self):
        self.page.click('[data-slack="down"]')
        expect(self.page.locator("#weather-says")).to_contain_text("Orders wait in the queue")
        self.send("woocommerce-cancelled")
        self.send("deliveroo-cancelled")
        expect(self.number("waiting")).to_have_text("2")
        expect(self.articles()).to_have_count(1)
        self.page.click('[data-slack="well"]')
        self.expect_all_shown()
        expect(self.page.locator("#log")).to_contain_text("#815")
        expect(self.page.locator("#log")).to_contain_text("#0042")

    def test_slack_asks_to_wait_and_the_plot_counts_it(self):
        self.page.click('[data-slack="limited"]')
        self.send("woocommerce-cancelled")
        expect(self.page.locator("#plots .rate_limited dd b")).not_to_have_text("0")
        expect(self.page.locator("#lives li.limited")).to_contain_text(re.compile(r"Slack answered 429: wait \d+ s"))
        expect(self.page.locator("#sent")).to_contain_text("before the time that it asked for")
        # It takes the message when that time is over.
        self.expect_all_shown()
        expect(self.page.locator("#sent")).to_contain_text("in message 2")

    def test_webhooks_that_come_twice_are_shown_once(self):
        self.page.click("#twice")
        expect(self.page.locator("#twice")).to_have_attribute("aria-pressed", "true")
        self.send("woocommerce-cancelled")
        expect(self.number("accepted")).to_have_text("3")
        self.expect_all_shown()
        expect(self.number("left_out")).to_have_text("1")
        expect(self.articles()).to_have_count(2)

    def test_a_killed_function_loses_nothing(self):
        # Slack is so slow that the function is at work when all of the storm is accepted.
        self.page.click('[data-slack="slow"]')
        self.page.click("#storm")
        expect(self.number("accepted")).to_have_text("301", timeout=AFTER_AN_OUTAGE)
        expect(self.number("waiting")).not_to_have_text("0")
        self.page.click("#kill")
        expect(self.page.locator("#event-says")).to_contain_text("comes back to the queue")
        self.page.click('[data-slack="well"]')
        self.expect_all_shown()

    def test_an_order_that_slack_rejects_is_a_dead_letter_and_is_redriven(self):
        redrive = self.page.locator("#redrive")
        expect(redrive).to_be_disabled()
        self.page.click("#reject")
        expect(self.page.locator("#event-says")).to_contain_text("three rejections over an hour")
        expect(self.page.locator("#lives li.refused").first).to_contain_text("Slack answered 400 invalid_blocks")
        expect(self.page.locator("#lives li.later").first).to_contain_text("Half an hour later")
        expect(self.number("dead_letters")).to_have_text("1", timeout=AFTER_AN_OUTAGE)
        expect(self.page.locator("#lives li").last).to_contain_text("Dead letter")
        expect(self.page.locator("#lives li").last).to_be_in_viewport()
        # The other order was shown.
        expect(self.number("shown")).to_have_text("2")
        redrive.click()
        expect(self.page.locator("#event-says")).to_have_text("Dead letters that are back in the queue: 1.")
        expect(self.number("dead_letters")).to_have_text("0")
        self.expect_all_shown()
        expect(self.page.locator("#lives li").last).to_contain_text("Marked")
        expect(self.page.locator("#lives li.redriven")).to_be_visible()
        expect(self.articles()).to_have_count(3)
        expect(redrive).to_be_disabled()


if __name__ == "__main__":
    unittest.main()
