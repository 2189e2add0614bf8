"""The channel shows what Slack would show, and orders' data stays data."""

import re
import unittest

from playwright.sync_api import expect
from stack import AFTER_AN_OUTAGE, STACK, PageTest, Stack


class Channel(PageTest):
    def test_it_shows_the_sample_that_the_stack_sent_at_its_start(self):
        expect(self.articles().first).to_contain_text("Order #1042 cancelled · USD 86.50")
        expect(self.articles().first.locator(".who")).to_contain_text("order-alerts APP")

    def test_a_sample_is_sent_and_appears_as_the_newest_message(self):
        self.send("woocommerce-cancelled")
        expect(self.articles()).to_have_count(2)
        expect(self.articles().last.locator("h3")).to_have_text("🚫 Order #815 cancelled · KRW 128,000")
        expect(self.articles().last).to_be_in_viewport()
        expect(self.page.locator("#sent")).to_have_text(
            "WooCommerce Cancelled: 200, accepted. It is in the channel, in message 2."
        )

    def test_the_same_sample_twice_is_one_message(self):
        for accepted in ("2", "3"):
            self.send("woocommerce-cancelled")
            expect(self.number("accepted")).to_have_text(accepted)
            # Sent at the same time, the second may be shown and the first be the one that was sent again.
            self.expect_all_shown()
        expect(self.number("left_out")).to_have_text("1")
        expect(self.page.locator("#sent")).to_contain_text("not shown again")
        self.expect_all_shown()
        expect(self.articles()).to_have_count(2)

    def test_a_change_of_a_cancelled_order_says_why_it_is_not_shown(self):
        # The stack has cancelled this order at its start.
        self.send("shopify-created")
        expect(self.page.locator("#sent")).to_contain_text("not shown again: the channel already says this, or more")
        expect(self.page.locator("#lives li.superseded")).to_be_visible()
        self.expect_all_shown()
        expect(self.articles()).to_have_count(1)

    def test_a_new_order_says_that_it_waits_to_be_shown_with_others(self):
        self.page.select_option("#setting-digest_seconds", "10")
        expect(self.page.locator("#settings-says")).to_contain_text("Saved")
        for sample in ("deliveroo-created", "square-created"):
            self.send(sample)
            expect(self.page.locator("#sent")).to_contain_text(re.compile(r"about \d+ s, to be shown together"))
        expect(self.page.locator("#lives li.queued .detail")).to_contain_text("to be shown together with others")
        expect(self.page.locator("#sent")).to_contain_text("It is in the channel, in message", timeout=AFTER_AN_OUTAGE)

    def test_markup_in_a_name_stays_text(self):
        title = '<img src=x onerror="throw 1"> <!here> <https://evil.example|*b*> &amp;'
        self.try_own({"event_type": "order_cancelled", "order_id": "1", "items": [{"title": title, "quantity": 1}]})
        expect(self.articles()).to_have_count(2)
        shown = self.articles().last
        expect(shown).to_contain_text(title)
        expect(shown.locator("img, .mention, .section a")).to_have_count(0)

    def test_a_mention_is_a_chip_and_an_alarm_has_the_label_of_its_channel(self):
        self.page.select_option("#setting-mention", "channel")
        expect(self.page.locator("#settings-says")).to_have_text("Saved. Send an order to see it.")
        self.send("woocommerce-cancelled")
        expect(self.articles().last.locator(".mention")).to_have_text("@channel")
        self.page.click("#alarm")
        expect(self.articles().last.locator("h3")).to_contain_text("No orders for")
        expect(self.articles().last.locator(".who .label")).to_have_text("monitoring")
        # It is about no order.
        expect(self.articles().first.locator(".steps")).to_have_count(1)
        expect(self.articles().last.locator(".steps")).to_have_count(0)

    def test_the_state_of_a_shop_is_in_the_channel_for_monitoring(self):
        self.send("ubereats-store-offline")
        expect(self.articles().last.locator("h3")).to_contain_text("is offline on Uber Eats")
        expect(self.articles().last.locator(".who .label")).to_have_text("monitoring")
        expect(self.articles().last.locator(".steps")).to_have_count(0)
        expect(self.page.locator("#sent")).to_have_text("Uber Eats Offline: 200, accepted.")

    def test_another_window_shows_the_same(self):
        first = self.page
        self.send("woocommerce-cancelled")
        expect(self.articles()).to_have_count(2)
        self.page = self.browser.new_page(**self.CONTEXT)
        self.addCleanup(self.page.close)
        self.page.goto(self.stack.address)
        expect(self.articles()).to_have_count(2)
        self.page.click('[data-slack="slow"]')
        expect(first.locator('[data-slack="slow"]')).to_have_attribute("aria-pressed", "true")
        self.page.select_option("#setting-customer", "full")
        expect(first.locator("#setting-customer")).to_have_value("full")

    def test_the_page_says_when_the_stack_has_stopped(self):
        expect(self.page.locator("#trouble")).to_have_text("")
        self.stack.process.kill()
        expect(self.page.locator("#trouble")).to_contain_text(f"Start it again with `{STACK}`")
        self.send("woocommerce-cancelled")
        expect(self.page.locator("#sent")).to_contain_text("does not answer")
        self.forgive("ERR_CONNECTION", "ERR_INCOMPLETE")

    def test_the_page_begins_again_with_another_stack(self):
        self.page.select_option("#setting-customer", "full")
        self.page.click("#form [type=submit]")
        expect(self.page.locator("#outcome article")).to_have_count(1)
        expect(self.page.locator("#lives summary")).to_contain_text("A-42")
        other = Stack()
        self.addCleanup(other.stop)
        # From now on, the other one answers at this address.
        self.page.route("**/local/stream", lambda route: route.continue_(url=f"{other.address}/local/stream"))
        self.stack.process.kill()
        expect(self.page.locator("#begun")).to_contain_text("another local stack")
        expect(self.page.locator("#trouble")).to_have_text("")
        expect(self.articles()).to_have_count(1)
        expect(self.number("accepted")).to_have_text("1")
        for cleared in ("#outcome", "#lives", "#sent", "#settings-says"):
            expect(self.page.locator(cleared)).to_have_text("")
        expect(self.page.locator("#setting-customer")).to_have_value("hidden")
        self.forgive("ERR_CONNECTION", "ERR_INCOMPLETE")

    def test_a_new_connection_to_the_same_stack_keeps_what_was_sent(self):
        self.send("woocommerce-cancelled")
        expect(self.page.locator("#sent")).to_contain_text("in message 2")
        self.page.evaluate("connect()")
        expect(self.articles()).to_have_count(2)
        expect(self.page.locator("#sent")).to_contain_text("in message 2")
        expect(self.page.locator("#lives summary")).to_contain_text("815")
        expect(self.page.locator("#begun")).to_have_text("")


class Rendering(PageTest):
    """Payloads that the function may post, rendered by the page without a stack in between."""

    CONTEXT = PageTest.CONTEXT | {"timezone_id": "Asia/Seoul"}

    def render(self, *blocks):
        """What the page makes of a message: its HTML."""
        render = "(blocks) => messageElement({ text: '', blocks }, 0).querySelector('.content').innerHTML"
        return self.page.evaluate(render, blocks)

    def markup(self, text):
        return self.render({"type": "context", "elements": [{"type": "mrkdwn", "text": text}]})

    def test_a_date_is_in_the_readers_zone(self):
        shown = self.markup("<!date^1767226320^{date_short_pretty} {time}|2026-01-01 00:12 UTC>")
        self.assertIn('title="2026-01-01 00:12 UTC">1 Jan 2026 09:12</time>', shown)

    def test_only_an_https_address_is_a_link(self):
        self.assertIn('href="https://tea.example/?a=1&amp;b=2"', self.markup("<https://tea.example/?a=1&amp;b=2|View>"))
        for address in ("javascript:alert(1)", "http://tea.example", "data:text/html,x", "HTTPS:x"):
            self.assertNotIn("<a", self.markup(f"<{address}|View>"))

    def test_every_kind_of_mention_is_a_chip(self):
        for construct, name in (("!here", "@here"), ("@U012AB3CD", "@U012AB3CD"), ("!subteam^S012AB3CD", "@S012AB3CD")):
            self.assertIn(f'<span class="mention">{name}</span>', self.markup(f"<{construct}>"))

    def test_plain_text_has_no_markup(self):
        text = {"type": "plain_text", "text": "<!here> *a* &lt;b&gt; &amp;lt; <https://tea.example>"}
        shown = self.render({"type": "section", "text": text})
        self.assertIn("&lt;!here&gt; *a* &lt;b&gt; &amp;lt; &lt;https://tea.example&gt;", shown)

    def test_what_is_no_message_is_shown_as_it_is(self):
        shown = self.page.evaluate("messageElement({ blocks: [{ type: 'actions' }] }, 0).textContent")
        self.assertIn('{"blocks":[{"type":"actions"}]}', shown)

    def test_the_page_keeps_the_last_200_messages(self):
        self.page.evaluate("""() => {
            for (let number = 2; number <= 301; number++)
                receive({ number, at: number, channel: "orders", payload: { text: `message ${number}` }, events: [] });
        }""")
        expect(self.articles()).to_have_count(200)
        expect(self.articles().last).to_contain_text("message 301")
        expect(self.articles().last).to_be_in_viewport()


if __name__ == "__main__":
    unittest.main()
