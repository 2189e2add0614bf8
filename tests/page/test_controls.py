"""What the visitor tries: settings, a webhook of their own, the steps of an order."""

import re
import tempfile
import unittest
from pathlib import Path

from playwright.sync_api import expect
from stack import AFTER_AN_OUTAGE, PageTest

ORDER = {
    "event_type": "order_cancelled", "order_id": "20260101-0000042", "order_number": "A-42", "total": "42.00",
    "currency": "EUR", "customer": "Sample Customer", "items": ["Jasmine tea"],
}


class Settings(PageTest):
    def test_the_channel_changes_its_language_with_the_next_message(self):
        self.page.select_option("#setting-language", "ko")
        expect(self.page.locator("#settings-says")).to_contain_text("Saved")
        self.send("woocommerce-cancelled")
        expect(self.articles().last.locator("h3")).to_have_text("🚫 주문 취소 #815 · 128,000원")
        # The page itself keeps its own.
        expect(self.page.locator("#send-title")).to_have_text("Send an order")

    def test_a_customers_name_is_shown_only_when_it_is_chosen(self):
        self.send("woocommerce-cancelled")
        expect(self.articles()).to_have_count(2)
        expect(self.page.locator("#log")).not_to_contain_text("Customer:")
        self.page.select_option("#setting-customer", "full")
        expect(self.page.locator("#settings-says")).to_contain_text("Saved")
        self.try_own(ORDER)
        expect(self.articles().last).to_contain_text("Customer: Sample Customer")

    def test_an_amount_can_be_chosen_only_with_a_mention(self):
        who, amount = self.page.locator("#setting-mention"), self.page.locator("#setting-mention_above")
        expect(amount).to_be_disabled()
        who.select_option("here")
        amount.select_option("KRW 100000")
        expect(self.page.locator("#settings-says")).to_contain_text("Saved")
        who.select_option("")
        expect(amount).to_be_disabled()
        expect(amount).to_have_value("")
        settings = self.stack.state()["settings"]
        self.assertEqual((settings["mention"], settings["mention_above"]), ("", ""))

    def test_every_setting_has_the_value_that_the_stack_uses(self):
        settings = self.stack.state()["settings"]
        self.assertEqual((settings.pop("unreadable_rules"), settings.pop("unreadable_expect")), ([], []))
        for name, value in settings.items():
            expect(self.page.locator(f"#setting-{name}")).to_have_value(str(value))


class Rules(PageTest):
    def write(self, rules):
        self.page.fill("#setting-rules", rules)
        self.page.locator("#setting-rules").blur()
        expect(self.page.locator("#settings-says")).to_contain_text("Saved")

    def test_a_rule_holds_from_the_next_message_on_and_opens_its_channel(self):
        self.write("shop tea.example -> each, mention here, to kitchen")
        self.send("woocommerce-cancelled")
        expect(self.articles()).to_have_count(2)
        expect(self.articles().last.locator(".who .label")).to_have_text("#kitchen")
        expect(self.articles().last.locator(".mention")).to_have_text("@here")
        expect(self.articles().first.locator(".who .label")).to_have_count(0)
        rule = "Line 1 of the rules (Shown, Mention, Channel): shop tea.example -> each, mention here, to kitchen"
        expect(self.page.locator("#lives .rules")).to_have_text(rule)
        # It is an order, unlike an alarm.
        self.articles().last.locator(".steps").click()
        expect(self.page.locator("#lives summary")).to_contain_text("815 · Cancelled · WooCommerce")

    def test_a_rule_that_cannot_be_read_is_explained_and_passed_over(self):
        self.write("\nrefundd -> each\ncancelled -> off")
        says = self.page.locator("#rules-says li")
        expect(says).to_have_count(1)
        expect(says).to_contain_text("Line 2: `refundd` is not known left of the arrow (did you mean `refunded`?)")
        expect(self.page.locator("#setting-rules")).to_have_attribute("aria-invalid", "true")
        self.assertEqual(self.violations(), [])
        self.send("woocommerce-cancelled")
        expect(self.page.locator("#lives li.left-out .detail")).to_have_text("Line 3 of the rules does not show it.")
        expect(self.number("left_out")).to_have_text("1")
        self.write("")
        expect(says).to_have_count(0)
        expect(self.page.locator("#setting-rules")).to_have_attribute("aria-invalid", "false")

    def test_another_window_does_not_overwrite_what_is_typed(self):
        other = self.page
        self.page = self.open()
        self.page.locator("#setting-rules").press_sequentially("modif")
        other.fill("#setting-rules", "paid -> each")
        other.locator("#setting-rules").blur()
        expect(other.locator("#settings-says")).to_contain_text("Saved")
        other.select_option("#setting-language", "ko")
        expect(self.page.locator("#setting-language")).to_have_value("ko")
        expect(self.page.locator("#setting-rules")).to_have_value("modif")

    def test_a_tried_payload_names_the_rule_that_decides(self):
        self.write("cancelled from EUR 40 -> to managers\ncancelled -> mention here")
        self.page.click("#form [type=submit]")
        outcome = self.page.locator("#outcome")
        expect(outcome).to_contain_text("At once: the setting SHOW_CANCELLED")
        expect(outcome).to_contain_text("Here: line 2 of RULES, `cancelled -> mention here`")
        expect(outcome).to_contain_text("#managers: line 1 of RULES, `cancelled from EUR 40 -> to managers`")


class Expect(PageTest):
    """Here a minute is a second."""

    def write(self, lines):
        self.page.fill("#setting-expect", lines)
        self.page.locator("#setting-expect").blur()
        expect(self.page.locator("#settings-says")).to_contain_text("Saved")

    def test_an_order_that_no_one_accepts_is_shown_and_so_is_that_it_is_accepted_late(self):
        accept = self.page.locator("#accept")
        expect(accept).to_be_disabled()
        self.page.click("#unaccepted")
        expect(self.page.locator("#event-says")).to_contain_text("no one accepts it")
        lives = self.page.locator("#lives details")
        expect(lives.first).to_contain_text("New · Uber Eats")
        line = "Line 1 of the expected steps: created platform ubereats -> accepted in 4 min"
        expect(lives.first.locator(".rules")).to_have_text(line)
        expect(lives.last.locator("li").first).to_contain_text("A step must follow")
        expect(lives.last).to_contain_text("Overdue in about 4 s.")
        expect(self.page.locator("#log")).to_contain_text(": not accepted for 4 minutes")
        expect(lives.last.locator("li").last).to_contain_text("Marked")
        accept.click()
        expect(self.page.locator("#log")).to_contain_text(re.compile(r"Order A-\d+ accepted after \d+ minutes"))
        expect(self.page.locator("#lives")).to_contain_text("Step came late · Uber Eats")
        expect(accept).to_be_disabled()
        self.expect_all_shown()
        self.assertEqual(self.violations(), [])

    def test_an_order_that_is_accepted_in_time_is_no_news(self):
        # A busy machine takes seconds for two clicks.
        self.write("created platform ubereats -> accepted in 9 min")
        self.page.click("#unaccepted")
        self.page.click("#accept")
        self.expect_all_shown()
        # The warning; and the acceptance, as the echo of a new order, if a digest's window ends between the two.
        expect(self.number("left_out")).to_have_text(re.compile("^[12]$"))
        expect(self.page.locator("#log")).not_to_contain_text("⏰")

    def test_a_line_holds_for_later_orders_and_opens_its_channel(self):
        self.write("created -> paid in 1 min, mention here, to kitchen")
        self.send("deliveroo-created")
        expect(self.page.locator("#lives .rules").first).to_contain_text("Line 1 of the expected steps")
        warning = self.articles().filter(has_text="not paid for 1 minute")
        expect(warning.locator(".who .label")).to_have_text("#kitchen")
        expect(warning.locator(".mention")).to_have_text("@here")
        warning.locator(".steps").click()
        expect(self.page.locator("#lives summary")).to_contain_text("Next step · Deliveroo")

    def test_a_line_that_cannot_be_read_is_explained_and_without_one_nothing_is_expected(self):
        self.write("\ncreated -> accepted in soon")
        says = self.page.locator("#expect-says li")
        expect(says).to_contain_text("Line 2: `soon` is no time")
        expect(self.page.locator("#setting-expect")).to_have_attribute("aria-invalid", "true")
        expect(self.page.locator("#rules-says li")).to_have_count(0)
        self.write("")
        expect(says).to_have_count(0)
        self.page.click("#unaccepted")
        expect(self.page.locator("#event-says")).to_contain_text("No line of the expected steps is for this order")

    def test_a_tried_payload_says_what_it_waits_for(self):
        self.write("cancelled platform generic -> refunded in 24 h")
        self.page.click("#form [type=submit]")
        then = self.page.locator("#outcome dt", has_text="Then")
        expect(then).to_have_count(1)
        expect(self.page.locator("#outcome")).to_contain_text("It waits for: refunded, 24 hours (line 1 of EXPECT)")


class TryYourOwn(PageTest):
    def test_the_example_is_accepted_explained_and_shown(self):
        self.page.click("#form [type=submit]")
        outcome = self.page.locator("#outcome")
        expect(outcome).to_contain_text('200 {"status":"accepted"}')
        expect(outcome.locator("table")).to_contain_text("20260101-0000042")
        expect(outcome).to_contain_text("CUSTOMER=hidden")
        expect(outcome.locator("article h3")).to_have_text("🚫 Order A-42 cancelled · EUR 42.00")
        expect(self.articles().last.locator("h3")).to_have_text("🚫 Order A-42 cancelled · EUR 42.00")
        expect(self.articles().last).to_contain_text("<b>Cup</b> <!channel> *with* a handle")

    def test_the_same_payload_again_says_that_it_is_not_shown_again(self):
        self.try_own(ORDER)
        expect(self.page.locator("#fate")).to_have_text("It is in the channel, in message 2.")
        self.page.click("#form [type=submit]")
        expect(self.page.locator("#fate")).to_contain_text("not shown again")
        expect(self.articles()).to_have_count(2)

    def test_a_payload_that_waits_is_not_said_to_be_in_slack(self):
        self.page.click('[data-slack="down"]')
        self.try_own(ORDER)
        expect(self.page.locator("#outcome > h3").last).to_have_text("The message for Slack")
        expect(self.page.locator("#fate")).to_contain_text("waits")
        self.page.click('[data-slack="well"]')
        expect(self.page.locator("#fate")).to_contain_text("It is in the channel", timeout=AFTER_AN_OUTAGE)

    def test_a_webhook_without_its_event_type_is_explained_as_a_page_can(self):
        self.try_own({"id": 1}, "shopify")
        text = "The webhook does not name its event type. Shopify names it in the header"
        expect(self.page.locator("#outcome")).to_contain_text(text)
        expect(self.page.locator("#outcome")).not_to_contain_text("-H")

    def test_the_json_for_slack_can_be_copied(self):
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.try_own(ORDER)
        self.page.click("#outcome summary")
        self.page.click("#outcome details button")
        expect(self.page.locator("#outcome details button")).to_have_text("Copied")
        copied = self.page.evaluate("async () => JSON.parse(await navigator.clipboard.readText())")
        self.expect_all_shown()
        self.assertEqual(copied, self.stack.state()["messages"][-1]["payload"])

    def test_a_body_that_cannot_be_used_is_explained(self):
        self.try_own("[1, 2")
        expect(self.page.locator("#outcome")).not_to_be_empty()
        expect(self.page.locator("#outcome article")).to_have_count(0)
        self.forgive("status of 4")

    def test_a_missing_body_is_asked_for(self):
        self.try_own("")
        expect(self.page.locator("#outcome")).to_have_text("Paste the webhook's body")
        self.forgive("status of 400")

    def test_a_file_becomes_the_body(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "order.json")
            file.write_text('{"event_type": "order_created", "order_id": "주문-7"}')
            self.page.set_input_files("#file", file)
            expect(self.page.locator("#body")).to_have_value(file.read_text())

    def test_a_file_can_be_dropped(self):
        self.page.locator("#body").evaluate("""(body) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File(['{"order_id": 7}'], "order.json"));
            body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
        }""")
        expect(self.page.locator("#body")).to_have_value('{"order_id": 7}')

    def test_the_headers_of_a_platform_decide_what_the_webhook_is(self):
        expect(self.page.locator("#platform option")).to_have_count(len(self.stack.state()["platforms"]))
        headers = "x-shopify-topic: orders/cancelled\nx-shopify-shop-domain: tea-house-sample.myshopify.com"
        self.try_own({"id": 77, "name": "#77"}, "shopify", headers)
        expect(self.articles().last.locator("h3")).to_contain_text("#77")


class Steps(PageTest):
    def test_a_sent_order_is_followed_until_it_is_shown(self):
        self.send("woocommerce-cancelled")
        steps = self.page.locator("#lives li")
        expect(steps.first).to_contain_text("Received")
        expect(steps.last).to_contain_text("Marked")
        for what in ("Queued", "Leased", "Posted"):
            expect(self.page.locator("#lives")).to_contain_text(what)

    def test_what_is_no_order_has_no_steps(self):
        self.send("woocommerce-cancelled")
        expect(self.page.locator("#lives summary")).to_contain_text("815")
        self.send("woocommerce-ping")
        expect(self.page.locator("#life-hint")).to_have_text("What you sent last is no order, so there are no steps.")
        expect(self.page.locator("#lives")).to_be_empty()

    def test_a_click_on_a_message_shows_its_order(self):
        self.articles().first.locator("h3").click()
        expect(self.page.locator("#lives summary")).to_contain_text("#1042")
        expect(self.page.locator("#lives li").first).to_contain_text("its signature is right")
        expect(self.page.locator("#life-title")).to_be_focused()
        self.page.click("#back")
        expect(self.articles().first).to_be_focused()


if __name__ == "__main__":
    unittest.main()
