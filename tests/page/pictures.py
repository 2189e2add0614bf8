"""Takes the pictures in docs/pictures: `make pictures`. What a picture shows is also in it as text."""

import io
import json
import re
from pathlib import Path

from PIL import Image, PngImagePlugin
from playwright.sync_api import expect, sync_playwright
from stack import AFTER_AN_OUTAGE, BROWSER, PROJECT, Stack

FOLDER = PROJECT / "docs/pictures"
# The key of the text in a PNG. https://www.w3.org/TR/png-3/#11keywords
TEXT = "Description"
LANGUAGES = {"en": {"locale": "en-GB", "timezone_id": "UTC"}, "ko": {"locale": "ko-KR", "timezone_id": "Asia/Seoul"}}
# A message for each language. Orders that are sent to a stack may come as several digests.
DIGESTS = "src/message/digest/snapshots/order_alerts__message__digest__tests__a_busy_minute_over_the_wire.snap"
COLOURS = 64
NEWEST = "#log article >> nth=-1"

# A message's text: its blocks, and a date as it is where Slack cannot show it in the reader's zone.
MESSAGE_TEXT = """(article) => {
    const copy = article.cloneNode(true);
    for (const time of copy.querySelectorAll("time[title]")) time.textContent = time.title;
    return [...copy.querySelectorAll(".header, .section, .context")].map((block) => block.textContent).join("\\n");
}"""
# The page's text: all that does not change while orders come in.
PAGE_TEXT = """() => {
    const all = "h1, h2, .what, #samples button, #skies button, #events button, #choices label, dt";
    return [...document.querySelectorAll(all)].map((element) => element.textContent).join("\\n");
}"""


def cancellation(stack, page):
    page.click('[data-sample="woocommerce-cancelled"]')
    return message(page, "#815")


def digest(_, page):
    _, _, snapshot = (PROJECT / DIGESTS).read_text().split("---\n", 2)
    payload = dict(zip(LANGUAGES, json.loads(snapshot)))[page.evaluate("language")]
    arrive = "(payload) => receive({ number: 2, at: Date.now(), channel: 'orders', payload, events: [] })"
    page.evaluate(arrive, payload)
    return message(page, "#1045")


def alarm(stack, page):
    page.click("#alarm")
    text, element = message(page, "order-alerts-no-orders")
    # It is about this moment.
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "2026-01-01 00:12", text), element


def storm(stack, page):
    # Beside the storm, the steps of one order.
    cancellation(stack, page)
    expect(page.locator("#lives li.marked")).to_be_visible()
    page.click("#storm")
    # A digest of so many orders that it is folded, and the numbers with it.
    expect(page.locator("#log .folded").first).to_be_attached(timeout=AFTER_AN_OUTAGE)
    expect(page.locator('#sum [data-number="shown"]')).to_have_text(re.compile(r"\d{3}"))
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    return page.evaluate(PAGE_TEXT), page


PICTURES = {"cancellation": cancellation, "digest": digest, "alarm": alarm, "storm": storm}


def message(page, contained):
    """The text and the element of the newest message, once it contains this."""
    newest = page.locator(NEWEST)
    expect(newest).to_contain_text(contained)
    return newest.evaluate(MESSAGE_TEXT), newest


def take(browser, name, language):
    """What the picture shows, and the picture as a PNG."""
    is_page = name == "storm"
    size = {"width": 1280, "height": 960} if is_page else {"width": 680, "height": 800}
    stack = Stack(LANGUAGE=language)
    window = browser.new_context(viewport=size, device_scale_factor=1 if is_page else 2, **LANGUAGES[language])
    try:
        page = window.new_page()
        page.goto(stack.address)
        expect(page.locator("#log article")).to_have_count(1)
        text, shown = PICTURES[name](stack, page)
        # The pointer would leave its mark.
        page.mouse.move(0, 0)
        return text, shown.screenshot()
    finally:
        window.close()
        stack.stop()


def write(name, language, text, png):
    """A PNG with few colours, which is enough for text, and with its text."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image = image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
    described = PngImagePlugin.PngInfo()
    described.add_itxt(TEXT, text)
    path = FOLDER / f"{name}-{language}.png"
    image.save(path, optimize=True, pnginfo=described)
    print(f"{path.relative_to(PROJECT)}: {path.stat().st_size / 1000:.0f} kB")


def described(path: Path):
    """The text in a picture."""
    with Image.open(path) as image:
        image.load()
        return image.text[TEXT]


def main():
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER)
        for name in PICTURES:
            for language in LANGUAGES:
                write(name, language, *take(browser, name, language))


if __name__ == "__main__":
    main()
