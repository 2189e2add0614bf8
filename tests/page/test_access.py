"""The page can be used with a keyboard, a screen reader, on a phone, in both languages."""

import unittest

from playwright.sync_api import expect
from stack import PageTest


class Page(PageTest):
    def fill(self):
        """Brings everything onto the page that it can show."""
        self.page.select_option("#setting-mention", "channel")
        self.page.fill("#setting-rules", "refundd -> each\ncancelled -> to kitchen")
        self.page.locator("#setting-rules").blur()
        expect(self.page.locator("#rules-says li")).to_be_visible()
        self.page.click("#alarm")
        self.page.click("#form [type=submit]")
        expect(self.page.locator("#outcome article")).to_have_count(1)
        self.page.click("#outcome summary")
        expect(self.page.locator("#log .mention").first).to_be_visible()
        for label in ("monitoring", "#kitchen"):
            expect(self.page.locator("#log .label", has_text=label)).to_be_visible()
        expect(self.page.locator("#lives .rules code")).to_be_visible()
        expect(self.page.locator("#lives li.marked")).to_be_visible()

    def test_axe_finds_nothing_in_any_language_and_scheme(self):
        self.fill()
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            for language in ("en", "ko"):
                if self.page.evaluate("document.documentElement.lang") != language:
                    self.page.click("#language")
                with self.subTest(scheme=scheme, language=language):
                    self.assertEqual(self.violations(), [])

    def test_a_korean_browser_sees_a_korean_page(self):
        self.page = self.open(locale="ko-KR")
        expect(self.page.locator("html")).to_have_attribute("lang", "ko")
        expect(self.page.locator("#send-title")).to_have_text("주문 보내기")
        expect(self.page.locator("#sum-line")).to_contain_text("접수 1 =")
        self.page.click("#language")
        expect(self.page.locator("#send-title")).to_have_text("Send an order")

    def test_korean_words_stand_in_the_place_of_english_ones(self):
        self.page.click("#form [type=submit]")
        expect(self.page.locator("#fate")).to_contain_text("in message 2")
        self.page.click("#language")
        for selector, english in (("#samples", "Order system"), ("#samples", "Standard Webhooks"), ("#lives", "Order system"),
                                  ("#lives", "Received"), ("#platform", "Order system"), ("#fate", "channel")):
            expect(self.page.locator(selector)).not_to_contain_text(english)
        expect(self.page.locator(".file")).to_have_text("파일 선택")
        # The browser's own words are in its own language.
        self.assertEqual(self.page.locator("#file").evaluate("(file) => getComputedStyle(file).opacity"), "0")

    def test_both_languages_say_everything(self):
        # The names of all words. A list is a title with its explanation.
        names = """(language) => {
            const list = (words, path) => typeof words !== "object" ? [path]
                : Object.entries(words).flatMap(([name, inner]) => list(inner, `${path}.${name}`));
            return list(WORDS[language], "").sort();
        }"""
        english, korean = (self.page.evaluate(names, language) for language in ("en", "ko"))
        self.assertEqual(english, korean)
        self.assertGreater(len(english), 100)

    def test_the_samples_of_a_platform_are_in_one_line(self):
        lines = """(platforms) => platforms.map((platform) =>
            new Set([...platform.querySelectorAll("button")].map((button) => button.offsetTop)).size)"""
        for language in ("en", "ko"):
            with self.subTest(language=language):
                self.assertEqual(set(self.page.eval_on_selector_all("#samples .platform", lines)), {1})
                self.page.click("#language")

    def test_the_sum_stays_on_screen(self):
        self.page.locator("#try").scroll_into_view_if_needed()
        self.page.evaluate("scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
        expect(self.page.locator("#sum-line")).to_be_in_viewport(ratio=1)

    def test_the_keyboard_sends_an_order_and_shows_its_steps(self):
        self.page.locator('[data-sample="woocommerce-cancelled"]').focus()
        self.page.keyboard.press("Enter")
        expect(self.articles()).to_have_count(2)
        # One message is in the tab order. The arrow keys choose another.
        expect(self.page.locator('#log article[tabindex="0"]')).to_have_count(1)
        self.articles().last.focus()
        self.page.keyboard.press("ArrowUp")
        expect(self.articles().first).to_be_focused()
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#lives summary")).to_contain_text("#1042")

    def test_the_focus_is_visible_on_all_that_tab_reaches(self):
        reached = set()
        for _ in range(120):
            self.page.keyboard.press("Tab")
            focus = self.page.evaluate("""() => {
                const element = document.activeElement;
                const { outlineStyle, outlineWidth } = getComputedStyle(element);
                const isVisible = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
                return [element.tagName, element.id || element.textContent.slice(0, 40), isVisible];
            }""")
            if focus[0] == "BODY":
                break
            reached.add(tuple(focus))
        self.assertEqual([focus for focus in reached if not focus[2]], [])
        names = {name for _, name, _ in reached}
        expected = {"language", "storm", "twice", "setting-language", "platform", "headers", "body", "file"}
        self.assertLessEqual(expected, names)


class Phone(PageTest):
    CONTEXT = PageTest.CONTEXT | {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}

    def test_nothing_scrolls_sideways(self):
        self.try_own({"event_type": "order_cancelled", "order_id": "1" * 64, "items": ["A" * 200]})
        expect(self.page.locator("#outcome article")).to_have_count(1)
        expect(self.articles()).to_have_count(2)
        expect(self.page.locator("#lives li").first).to_be_visible()
        for language in ("en", "ko"):
            with self.subTest(language=language):
                self.assertEqual(self.page.evaluate("document.documentElement.scrollWidth"), 360)
                self.assertEqual(*self.page.locator("#log").evaluate("(log) => [log.scrollWidth, log.clientWidth]"))
                self.page.click("#language")

    def test_axe_finds_nothing(self):
        self.assertEqual(self.violations(), [])


if __name__ == "__main__":
    unittest.main()
