// What the visitor does: samples, weather and settings.

const STORM = { count: 300, seconds: 3 };
const CHOICES = {
  language: ["en", "ko"],
  customer: ["hidden", "initials", "full"],
  show_cancelled: ["each", "digest", "off"],
  show_created: ["each", "digest", "off"],
  show_modified: ["each", "digest", "off"],
  mention: ["", "here", "channel", "everyone"],
  mention_above: ["", "KRW 100000", "USD 50"],
  digest_seconds: [5, 10, 30, 60],
};
/** The settings that are written in lines, each with an example. */
const LINES = {
  rules: `cancelled from USD 50 -> each, mention here, to managers
shop tea.example -> to kitchen
modified -> off`,
  expect: `created platform ubereats -> accepted in 4 min, mention here
paid -> fulfilled in 24 h, to warehouse`,
};

/** The last order that no one has accepted. */
let unaccepted = null;

/** What people call a platform, in the page's language. */
const platformName = (id, name) => say(`platforms.${id}`) ?? name;

/** What a sample is: its name without its platform. */
const kindOf = ({ name, platform, title }) => say(`kinds.${name.slice((platform ?? "").length + 1)}`) ?? title ?? name;

const answerOf = ({ status, body }) => {
  if (body.includes('"ignored"')) return say("answers.ignored");
  return say(`answers.${status}`) ?? `${status} ${body}`;
};

const sendSample = (sample) =>
  sayIn(byId("sent"), async () => {
    byId("sent").textContent = say("sending");
    const answer = await post(`/local/samples/${sample.name}`);
    const sent = () => {
      const name = `${platformName(sample.platform, sample.platform_name)} ${kindOf(sample)}`;
      return say("sent", name, answerOf(answer));
    };
    showSent(answer.events, (fate) => (byId("sent").textContent = `${sent()} ${fate}`));
    return sent();
  });

const showSamples = () => {
  const platforms = Map.groupBy(state.samples, ({ platform, platform_name }) => platformName(platform, platform_name));
  const groups = [...platforms].map(([platform, samples]) =>
    make(
      "div",
      { class: "platform", role: "group", "aria-label": platform },
      make("span", { "aria-hidden": true }, platform),
      make(
        "div",
        {},
        ...samples.map((sample) => button(kindOf(sample), () => sendSample(sample), { "data-sample": sample.name })),
      ),
    ),
  );
  byId("samples").replaceChildren(...groups);
};

const change = (weather) =>
  sayIn(byId("weather-says"), async () => receiveWeather(await post("/local/weather", weather)));

const receiveWeather = (weather) => {
  state.weather = weather;
  for (const sky of byId("skies").children) {
    const { slack } = sky.dataset;
    sky.setAttribute("aria-pressed", slack ? slack === weather.slack : weather.twice);
  }
  const says = [say(`sky.${weather.slack}`)[1], ...(weather.twice ? [say("twice")[1]] : [])].join(" ");
  byId("weather-says").textContent = says;
  return says;
};

const showWeather = () => {
  const skies = Object.entries(say("sky")).map(([slack, [name]]) =>
    button(name, () => change({ slack }), { "data-slack": slack, "aria-pressed": false }),
  );
  const twice = button(say("twice")[0], () => change({ twice: !state.weather.twice }), {
    id: "twice",
    "aria-pressed": false,
  });
  byId("skies").replaceChildren(...skies, twice);
  receiveWeather(state.weather);

  const event = (name, cause) => button(say(name)[0], () => sayIn(byId("event-says"), cause), { id: name });
  const simple = (name, content) =>
    event(name, async () => {
      const { events } = await post(`/local/${name}`, content);
      if (events) showSent(events);
      return say(name)[1];
    });
  byId("events").replaceChildren(
    simple("storm", STORM),
    simple("reject"),
    event("unaccepted", orderUnaccepted),
    event("accept", accept),
    simple("alarm"),
    simple("kill"),
  );
  setUnaccepted(unaccepted);
};

const setUnaccepted = (order) => {
  unaccepted = order;
  byId("accept").disabled = !order;
};

/** Sends an order that no one accepts. */
const orderUnaccepted = async () => {
  const { events, order } = await post("/local/unaccepted");
  setUnaccepted(order);
  showSent(events);
  const life = await lifeOf(events[0]);
  return life?.expected.length ? say("unaccepted")[1] : say("not_expected");
};

/** Accepts it after all. */
const accept = async () => {
  const { events } = await post("/local/accept", { order: unaccepted });
  setUnaccepted(null);
  showSent(events);
  return say("accept")[1];
};

const valueName = (setting, value) => {
  if (setting === "digest_seconds") return say("value.seconds", value);
  if (setting === "mention_above") return value || say("value.any");
  return say("value")[value] ?? value;
};

/** Saves one setting or more, and says so; what is refused is shown as it was. */
const save = (settings) =>
  sayIn(byId("settings-says"), async () => {
    try {
      receiveSettings(await post("/local/settings", settings));
      return say("saved");
    } catch (error) {
      receiveSettings(state.settings);
      throw error;
    }
  });

/** A setting in lines, with a sentence about each that cannot be read. */
const linesField = ([setting, example]) => {
  const field = make("textarea", {
    id: `setting-${setting}`,
    rows: example.split("\n").length * 2,
    spellcheck: false,
    autocomplete: "off",
    placeholder: example,
    "aria-describedby": `${setting}-hint`,
    change: ({ target }) => save({ [setting]: target.value }),
  });
  return [
    make("label", { for: field.id, class: "wide" }, say(`setting.${setting}`)),
    make("p", { id: `${setting}-hint`, class: "hint wide" }, say(`${setting}_hint`)),
    field,
    make("div", { id: `${setting}-says`, class: "failed unreadable wide", role: "status" }),
  ];
};

const showSettings = () => {
  const rows = Object.entries(CHOICES).map(([setting, choices]) => {
    const current = state.settings[setting];
    const values = choices.includes(current) ? choices : [...choices, current];
    const change = ({ target }) => {
      const value = setting === "digest_seconds" ? Number(target.value) : target.value;
      // Without a mention there is no amount from which on it is made.
      const amount = setting === "mention" && !value ? { mention_above: "" } : {};
      return save({ [setting]: value, ...amount });
    };
    const select = make(
      "select",
      { id: `setting-${setting}`, change },
      ...values.map((value) => make("option", { value }, valueName(setting, value))),
    );
    return [make("label", { for: select.id }, say(`setting.${setting}`)), select];
  });
  byId("choices").replaceChildren(...rows.flat(), ...Object.entries(LINES).flatMap(linesField));
  receiveSettings(state.settings);
};

const receiveLines = (setting, text, sentences) => {
  const field = byId(`setting-${setting}`);
  if (!field) return;
  // What is being typed is not overwritten by what another window has saved.
  if (field !== document.activeElement) field.value = text;
  field.setAttribute("aria-invalid", sentences.length > 0);
  const items = sentences.map((sentence) => make("li", {}, capitalized(sentence)));
  byId(`${setting}-says`).replaceChildren(...(items.length ? [make("ul", {}, ...items)] : []));
};

const receiveSettings = (settings) => {
  state.settings = settings;
  for (const setting of Object.keys(LINES)) receiveLines(setting, settings[setting], settings[`unreadable_${setting}`]);
  for (const setting of Object.keys(CHOICES)) {
    const [select, value] = [byId(`setting-${setting}`), settings[setting]];
    if (!select) continue;
    const isKnown = [...select.options].some((option) => option.value === String(value));
    if (!isKnown) select.append(make("option", { value }, valueName(setting, value)));
    select.value = value;
    select.disabled = setting === "mention_above" && !settings.mention;
  }
};
