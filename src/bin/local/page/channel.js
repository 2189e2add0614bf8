// The channel: the last messages, oldest first, the newest in view unless the reader scrolled up.

/** How many messages stay in the page. */
const MOST_MESSAGES = 200;

let messages = [];
/** Messages that are shown in the browser's next frame: a storm brings many at once. */
let arriving = [];
let unseen = 0;

const isAtEnd = () => {
  const log = byId("log");
  return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_THE_END;
};

const scrollToEnd = () => {
  byId("log").scrollTop = byId("log").scrollHeight;
  unseen = 0;
  byId("newest").hidden = true;
};

/** One message is in the tab order, with what is in it. The arrow keys choose another. */
const enterTabOrder = (article) => {
  for (const other of byId("log").querySelectorAll("article")) {
    const isEntered = other === article;
    if (!isEntered && other.tabIndex === -1) continue;
    other.tabIndex = isEntered ? 0 : -1;
    for (const inner of other.querySelectorAll("a, button")) inner.tabIndex = other.tabIndex;
  }
};

/** Where a message is, if not in the channel of all orders. */
const channelLabel = ({ channel, is_monitoring }) => {
  if (is_monitoring) return make("span", { class: "label monitoring" }, say("monitoring"));
  return channel === "orders" ? null : make("span", { class: "label" }, `#${channel}`);
};

const articleOf = (message) => {
  const article = messageElement(message.payload, message.at, channelLabel(message));
  // An alarm or the state of a shop is about no order.
  const show = () => !message.is_monitoring && showMessage(message);
  article.id = `message-${message.number}`;
  if (!message.is_monitoring) article.append(button(say("steps"), show, { class: "steps" }));
  article.addEventListener("click", ({ target }) => {
    if (!target.closest("a, button") && getSelection().isCollapsed) show();
  });
  article.addEventListener("focusin", () => enterTabOrder(article));
  article.addEventListener("keydown", (event) => {
    const { previousElementSibling: previous, nextElementSibling: next, parentElement: log } = article;
    const to = { ArrowUp: previous, ArrowDown: next, Home: log.firstElementChild, End: log.lastElementChild }[
      event.key
    ];
    if (to) to.focus();
    else if (event.key === "Enter" && event.target === article) show();
    else return;
    event.preventDefault();
  });
  return article;
};

const dayLine = (message) => {
  const date = new Date(message.at);
  return make("p", { class: "day" }, day(date, DATE_STYLES.date, true));
};

/** Appends messages, and drops the oldest. */
const append = (added) => {
  const log = byId("log");
  const wasAtEnd = isAtEnd();
  const articles = added.map(articleOf);
  for (const article of articles) {
    article.tabIndex = -1;
    for (const inner of article.querySelectorAll("a, button")) inner.tabIndex = -1;
  }
  log.append(...articles);
  while (log.childElementCount > MOST_MESSAGES) log.firstElementChild.remove();
  if (!log.contains(document.activeElement)) enterTabOrder(log.lastElementChild);
  if (wasAtEnd) scrollToEnd();
  else {
    unseen += added.length;
    byId("newest").textContent = say("newest", unseen);
    byId("newest").hidden = false;
  }
};

const receive = (message) => {
  messages = [...messages, message].slice(-MOST_MESSAGES);
  arriving = [...arriving, message].slice(-MOST_MESSAGES);
  if (arriving.length > 1) return;
  byId("log").querySelector(".empty")?.remove();
  requestAnimationFrame(() => {
    const added = arriving;
    arriving = [];
    if (added.length) append(added);
  });
};

/** Shows all messages again: after a new connection, or in another language. */
const showChannel = () => {
  arriving = [];
  const log = byId("log");
  log.replaceChildren();
  if (messages.length) append(messages);
  else log.append(make("p", { class: "empty hint" }, say("empty")));
  scrollToEnd();
  byId("notice").textContent = say("real_slack");
  byId("notice").hidden = !state.is_real_slack;
};

const startChannel = () => {
  byId("newest").addEventListener("click", scrollToEnd);
  byId("log").addEventListener("scroll", () => isAtEnd() && scrollToEnd());
};
