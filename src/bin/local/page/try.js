// A webhook of the visitor's own: signed, sent, explained.

/** What the function takes: as much as Lambda does. */
const MOST_BYTES = 6_000_000;

/** An order of an own order system, to begin with. Its second item looks like markup and stays text. */
const EXAMPLE = {
  event_type: "order_cancelled",
  order_id: "20260101-0000042",
  order_number: "A-42",
  total: "42.00",
  currency: "EUR",
  customer: "Sample Customer",
  reason: "the customer changed their mind",
  shop: "tea.example",
  items: [
    { title: "Jasmine tea", quantity: 2 },
    { title: "<b>Cup</b> <!channel> *with* a handle", quantity: 1 },
  ],
};

const chosenPlatform = () => state.platforms.find(({ id }) => id === byId("platform").value);

/** The header in which the platform names the event, for the visitor to complete. */
const suggestHeaders = () => {
  const { topic_header: header } = chosenPlatform() ?? {};
  byId("headers").placeholder = header ? `${header}: …` : "";
};

const showPlatforms = () => {
  const select = byId("platform");
  const chosen = select.value || "generic";
  select.replaceChildren(...state.platforms.map(({ id, name }) => make("option", { value: id }, platformName(id, name))));
  select.value = chosen;
  suggestHeaders();
};

const fact = (name, ...content) => (content.length ? [make("dt", {}, say(name)), make("dd", {}, ...content)] : []);

/** A fact that is not known has no content, and is not shown. */
const textIn = (text) => (text ? [text] : []);
const joined = (texts = []) => textIn(texts.join(", "));

const listOf = (texts = []) => (texts.length ? [make("ul", {}, ...texts.map((text) => make("li", {}, text)))] : []);

const foundTable = (found = []) => {
  if (!found.length) return [];
  const head = ["field", "text", "place"].map((name) => make("th", { scope: "col" }, say(name)));
  const rows = found.map(({ field, text, place }) =>
    make("tr", {}, make("th", { scope: "row" }, field), make("td", {}, text), make("td", {}, place)),
  );
  return [make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows))];
};

const copyButton = (text) => {
  const copy = button(say("copy"), async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = say("copied");
  });
  return copy;
};

const jsonElements = (payload) => {
  const json = JSON.stringify(payload, null, 2);
  const code = make("pre", { tabindex: 0, role: "region", "aria-label": say("json") }, json);
  return make("details", {}, make("summary", {}, say("json")), copyButton(json), code);
};

/** The answer to the last webhook that was tried. */
let tried = null;

const showOutcome = () => {
  if (!tried) return;
  const { status, body, reading, messages: payloads = [], events = [] } = tried;
  const facts = [
    ...fact("answer", make("code", {}, `${status} ${body}`)),
    ...(events.length ? fact("fate_title", make("span", { id: "fate", role: "status" })) : []),
    ...(reading
      ? [
          ...fact("event", ...textIn(reading.event)),
          ...fact("rule", ...textIn(reading.rule)),
          ...fact("found", ...foundTable(reading.found)),
          ...fact("missing", ...joined(reading.missing)),
          ...fact("never_read", ...joined(reading.never_read)),
          ...fact("hidden_title", ...listOf(reading.hidden)),
          ...reading.decided.flatMap(([name, text]) => fact(`decided.${name}`, text)),
          ...fact("no_message", ...textIn(reading.why_no_message)),
        ]
      : []),
  ];
  const shown = payloads.flatMap((payload) => [messageElement(payload, Date.now()), jsonElements(payload)]);
  const preview = shown.length
    ? [make("h3", {}, say("slack_message")), make("div", { class: "preview" }, ...shown)]
    : [];
  byId("outcome").replaceChildren(
    make("h3", {}, say("outcome")),
    make("dl", { class: "reading" }, ...facts),
    ...preview,
  );
};

const tryOwn = async (event) => {
  event.preventDefault();
  const outcome = byId("outcome");
  try {
    const [platform, headers, body] = ["platform", "headers", "body"].map((id) => byId(id).value);
    tried = await post("/local/try", { platform, headers, body });
    showOutcome();
    showSent(tried.events ?? [], (fate) => byId("fate")?.replaceChildren(fate));
  } catch (error) {
    tried = null;
    outcome.replaceChildren(make("p", { class: "says failed" }, error.message));
  }
};

const read = async (file) => {
  if (!file) return;
  const isTooLarge = file.size > MOST_BYTES;
  byId("outcome").replaceChildren(...(isTooLarge ? [make("p", { class: "says failed" }, say("too_large"))] : []));
  if (!isTooLarge) byId("body").value = await file.text();
};

const startTry = () => {
  byId("body").value = JSON.stringify(EXAMPLE, null, 2);
  byId("form").addEventListener("submit", tryOwn);
  byId("platform").addEventListener("change", suggestHeaders);
  byId("file").addEventListener("change", ({ target }) => read(target.files[0]));
  byId("body").addEventListener("dragover", (event) => event.preventDefault());
  byId("body").addEventListener("drop", (event) => {
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    read(file);
  });
};
