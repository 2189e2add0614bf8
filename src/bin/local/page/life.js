// One order's way: the steps of the orders of a message, or of the webhook that was just sent.

/** How many orders of a message are listed at once. A digest may have hundreds. */
const LISTED_ORDERS = 20;
/** After these steps, nothing more is expected of an order. A dead letter may be redriven. */
const LAST_STEPS = ["marked", "left out", "sent again", "superseded"];
/** How near the end the reader must be for what is new to scroll into view, in pixels. */
const NEAR_THE_END = 60;
/** The page asks for the life of an order that is on its way at most this often. */
const ASK_AGAIN_MILLISECONDS = 400;

/** What is shown: the ids of the events, and the message that was clicked, or where to say what became of them. */
let shownLife = null;

const detailOf = ({ detail, message }) => {
  const text = detail ? say(`detail.${detail[0]}`, ...detail.slice(1)).trim() : "";
  if (!message) return [text];
  const show = () => byId(`message-${message}`)?.focus();
  return [text, " ", button(say("message_number", message), show, { class: "link" })];
};

const stepElement = (step, first) => {
  const [name, meaning] = say(`step.${step.what}`) ?? [step.what, ""];
  const after = ((step.at - first) / 1000).toFixed(step.at - first < 10_000 ? 2 : 0);
  const time = make("time", { datetime: new Date(step.at).toISOString() }, clock(step.at, true));
  const since = make("span", { class: "since" }, `+${after} s`);
  return make(
    "li",
    { class: step.what.replaceAll(" ", "-") },
    make("div", { class: "step" }, make("b", {}, name), time, since),
    make("p", {}, meaning),
    make("p", { class: "detail" }, ...detailOf(step)),
  );
};

/** The lines of the rules that decided about an order, each with all that it decided; and those of the steps
 * that must follow. */
const linesElement = (rules, expected) => {
  const line = (name, text) => make("p", {}, name, " ", make("code", {}, text));
  const ruled = rules.map(([number, decided, text]) => {
    const names = decided.map((name) => say(`decided.${name}`)).join(", ");
    return line(say("by_rule", names, number), text);
  });
  const awaited = expected.map(([number, text]) => line(say("by_expect", number), text));
  return make("div", { class: "rules" }, ...ruled, ...awaited);
};

const lifeElement = ({ platform, platform_name, kind, name, rules, expected, steps }, isOpen) => {
  const title = `${name} · ${say(`kinds.${kind}`) ?? kind} · ${platformName(platform, platform_name)}`;
  const list = make("ol", {}, ...steps.map((step) => stepElement(step, steps[0].at)));
  return make("details", isOpen ? { open: "" } : {}, make("summary", {}, title), linesElement(rules, expected), list);
};

/** What became of an order so far, in a sentence. */
const fateOf = ({ state, steps }) => {
  const last = steps.at(-1)?.what;
  const digest = last === "queued" && steps.at(-1).detail;
  if (state === "shown") return say("fate.shown", steps.findLast(({ message }) => message)?.message ?? "");
  if (state === "waiting") return digest ? say("fate.digest", digest[1]) : say(`fate.${last}`) ?? say("fate.waiting");
  return say(`fate.${last}`);
};

const lifeOf = async (event) => {
  const response = await fetch(`/local/orders/${event}`);
  return response.ok ? response.json() : null;
};

/** Shows the lives of these events. Those that are open stay open. */
const showLives = async (life) => {
  const lives = await Promise.all(life.events.slice(0, life.listed).map(lifeOf));
  if (shownLife !== life) return;
  const seen = JSON.stringify([language, lives]);
  if (life.seen === seen) return;
  life.seen = seen;
  const known = lives.filter(Boolean);
  const open = [...byId("lives").querySelectorAll("details")].map((details) => details.open);
  const isOpen = (one, position) => open[position] ?? (position === 0 || one.kind === "overdue");
  const elements = known.map((one, position) => lifeElement(one, isOpen(one, position)));
  const rest = life.events.length - life.listed;
  if (rest > 0) {
    const more = () => {
      life.listed += LISTED_ORDERS;
      showLives(life);
    };
    elements.push(button(say("more_orders", rest), more, { class: "link" }));
  }
  const watch = byId("watch");
  const isAtEnd = watch.scrollHeight - watch.scrollTop - watch.clientHeight < NEAR_THE_END;
  byId("lives").replaceChildren(...elements);
  // The newest step stays in view.
  if (isAtEnd && !life.message) watch.scrollTop = watch.scrollHeight;
  const isOver = ({ steps }) => LAST_STEPS.includes(steps.at(-1)?.what);
  life.isOver = known.every(isOver);
  const next = known.find((one) => !isOver(one)) ?? known[0];
  if (life.says && next) life.says(fateOf(next));
};

const show = (life) => {
  shownLife = { listed: LISTED_ORDERS, isOver: false, askedAt: 0, ...life };
  byId("lives").replaceChildren();
  for (const article of byId("log").querySelectorAll(".chosen")) article.classList.remove("chosen");
  showLifeWords();
  return showLives(shownLife);
};

const clearLife = () => {
  shownLife = null;
  byId("lives").replaceChildren();
  showLifeWords();
};

const showLifeWords = () => {
  const life = shownLife;
  byId("life-hint").textContent = !life
    ? say("life_hint")
    : !life.events.length
      ? say(life.message ? "no_orders" : "nothing_sent")
      : life.message
        ? say("of_message", life.message.number)
        : say("of_sent");
  byId("back").hidden = !life?.message;
};

const showMessage = (message) => {
  show({ message, events: message.events });
  byId(`message-${message.number}`)?.classList.add("chosen");
  byId("life-title").focus();
};

/** Follows the orders that were just sent, and says what becomes of them. */
const showSent = (events, says) => {
  byId("begun").textContent = "";
  return show({ events, says });
};

/** Looks again at orders that are on their way, when something has happened. */
const followLife = () => {
  const life = shownLife;
  if (!life || life.isOver || Date.now() - life.askedAt < ASK_AGAIN_MILLISECONDS) return;
  life.askedAt = Date.now();
  // Without an answer, the page says that the stack has stopped.
  showLives(life).catch(() => {});
};

const startLife = () => {
  setInterval(followLife, ASK_AGAIN_MILLISECONDS);
  byId("back").addEventListener("click", () => byId(`message-${shownLife.message.number}`)?.focus());
};
