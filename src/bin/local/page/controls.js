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
const RULES_EXAMPLE = `cancelled from USD 50 -> each, mention here, to managers
shop tea.example -> to kitchen
modified -> off`;

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

  const events = { storm: STORM, reject: {}, alarm: {}, kill: {} };
  byId("events").replaceChildren(
    ...Object.entries(events).map(([event, content]) => {
      const cause = async () => {
        const { events } = await post(`/local/${event}`, content);
        if (events) showSent(events);
        return say(event)[1];
      };
      return button(say(event)[0], () => sayIn(byId("event-says"), cause), { id: event });
    }),
  );
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

/** The rules: several lines, with a sentence about each that cannot be read. */
const rulesField = () => {
  const rules = make("textarea", {
    id: "setting-rules",
    rows: 6,
    spellcheck: false,
    autocomplete: "off",
    placeholder: RULES_EXAMPLE,
    "aria-describedby": "rules-hint",
    change: ({ target }) => save({ rules: target.value }),
  });
  return [
    make("label", { for: rules.id, class: "wide" }, say("setting.rules")),
    make("p", { id: "rules-hint", class: "hint wide" }, say("rules_hint")),
    rules,
    make("div", { id: "rules-says", class: "failed wide", role: "status" }),
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
  byId("choices").replaceChildren(...rows.flat(), ...rulesField());
  receiveSettings(state.settings);
};

const receiveRules = ({ rules, unreadable_rules: sentences }) => {
  const field = byId("setting-rules");
  if (!field) return;
  // What is being typed is not overwritten by what another window has saved.
  if (field !== document.activeElement) field.value = rules;
  field.setAttribute("aria-invalid", sentences.length > 0);
  const items = sentences.map((sentence) => make("li", {}, capitalized(sentence)));
  byId("rules-says").replaceChildren(...(items.length ? [make("ul", {}, ...items)] : []));
};

const receiveSettings = (settings) => {
  state.settings = settings;
  receiveRules(settings);
  for (const setting of Object.keys(CHOICES)) {
    const [select, value] = [byId(`setting-${setting}`), settings[setting]];
    if (!select) continue;
    const isKnown = [...select.options].some((option) => option.value === String(value));
    if (!isKnown) select.append(make("option", { value }, valueName(setting, value)));
    select.value = value;
    select.disabled = setting === "mention_above" && !settings.mention;
  }
};
