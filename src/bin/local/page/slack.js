// A message as Slack shows it: the part of Block Kit that order-alerts uses.

/** A section with more lines is folded, as in Slack. */
const FOLDED_LINES = 12;

/** Slack escapes these three characters, and no others. */
const unescaped = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** The day of a date, in the reader's words and zone. */
const day = (date, style, isPretty) => {
  const start = (moment) => new Date(moment).setHours(0, 0, 0, 0);
  const days = Math.round((start(Date.now()) - start(date)) / 86_400_000);
  if (isPretty && (days === 0 || days === 1)) return say(days ? "yesterday" : "today");
  return date.toLocaleDateString(locale(), style);
};

const DATE_STYLES = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
};

/** `<!date^SECONDS^FORMAT|FALLBACK>` in the reader's zone. */
const dateElement = (construct, fallback) => {
  const [, seconds, format = "{date_short} {time}"] = construct.split("^");
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return unescaped(fallback);
  const text = format.replace(/\{(\w+)\}/g, (token, name) => {
    if (name === "time") return clock(date);
    if (name === "time_secs") return clock(date, true);
    const style = DATE_STYLES[name.replace(/_pretty$/, "")];
    return style ? day(date, style, name.endsWith("_pretty")) : token;
  });
  return make("time", { datetime: date.toISOString(), title: unescaped(fallback) }, text);
};

/** What `<…>` stands for. */
const constructElement = (construct) => {
  const [what, label = ""] = construct.split(/\|(.*)/s);
  if (what.startsWith("!date^")) return dateElement(what, label);
  if (what.startsWith("https://")) {
    const link = { href: unescaped(what), target: "_blank", rel: "noreferrer noopener" };
    return make("a", link, unescaped(label || what));
  }
  const name = /^(?:!subteam\^|[!@])(.+)$/.exec(what);
  return name ? make("span", { class: "mention" }, `@${name[1]}`) : unescaped(`<${construct}>`);
};

/** A text with Slack's markup. All that is not a construct is text, whatever it looks like. */
const markup = (text) =>
  text.split(/<([^<>]*)>/).map((part, position) => (position % 2 ? constructElement(part) : unescaped(part)));

const textOf = ({ type, text }) => (type === "mrkdwn" ? markup(text) : [unescaped(text)]);

/** A long section shows its first lines, and all of them at a click. */
const folded = (section, lines) => {
  const text = (isFolded) => say(isFolded ? "all_lines" : "fewer_lines", lines);
  section.classList.add("folded");
  const unfold = button(
    text(true),
    () => {
      const isFolded = section.classList.toggle("folded");
      unfold.textContent = text(isFolded);
      unfold.setAttribute("aria-expanded", !isFolded);
    },
    { class: "unfold", "aria-expanded": false },
  );
  return [section, unfold];
};

const blockElements = (block) => {
  const texts = block.text ? [block.text] : block.elements;
  const element = make(block.type === "header" ? "h3" : "div", { class: block.type }, ...texts.flatMap(textOf));
  const lines = texts[0].text.split("\n").length;
  return block.type === "section" && lines > FOLDED_LINES ? folded(element, lines) : [element];
};

/** What a payload shows. What is no message, such as another program may post, is shown as it is. */
const payloadElements = (payload) => {
  try {
    const { text, blocks = [] } = payload;
    return blocks.length ? blocks.flatMap(blockElements) : [make("div", { class: "section" }, ...markup(text))];
  } catch {
    return [make("code", {}, JSON.stringify(payload))];
  }
};

/** A message in Slack's frame: the bot's face, its name, the time, perhaps a label, the content. */
const messageElement = (payload, milliseconds, label = null) => {
  const article = byId("frame").content.firstElementChild.cloneNode(true);
  const when = make("time", { datetime: new Date(milliseconds).toISOString() }, clock(milliseconds));
  article.querySelector(".who").append(" ", when);
  if (label) article.querySelector(".who").append(" ", label);
  article.querySelector(".content").append(...payloadElements(payload));
  return article;
};
