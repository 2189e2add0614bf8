// The stream of what happens, and the start of the page.

/** How long the page waits before it connects again, when the browser does not by itself. */
const CONNECT_AGAIN_MILLISECONDS = 1000;

/** Where the page says what came of a click. */
const SAYS = ["sent", "event-says", "settings-says"];

/** Shows everything: at the start, after a new connection, and in another language. */
const showAll = () => {
  sayAll();
  byId("language").textContent = say("other");
  byId("language").lang = say("other_lang");
  showLifeWords();
  if (!state) return;
  showSum();
  showPlots();
  showSamples();
  showWeather();
  showSettings();
  showPlatforms();
  showChannel();
};

const connect = () => {
  const stream = new EventSource("/local/stream");
  const on = (name, act) => stream.addEventListener(name, ({ data }) => act(JSON.parse(data)));
  on("state", (whole) => {
    // It was started again, or another one has its port. It knows nothing of what was sent before.
    if (state && state.instance !== whole.instance) {
      clearLife();
      tried = null;
      unaccepted = null;
      for (const id of [...SAYS, "outcome"]) byId(id).replaceChildren();
      byId("begun").textContent = say("begun");
    }
    byId("trouble").textContent = "";
    state = whole;
    messages = whole.messages;
    past = [whole.numbers];
    showAll();
  });
  on("message", receive);
  on("numbers", receiveNumbers);
  on("settings", receiveSettings);
  on("weather", receiveWeather);
  stream.addEventListener("error", () => {
    byId("trouble").textContent = say("stopped");
    if (stream.readyState !== EventSource.CLOSED) return;
    setTimeout(connect, CONNECT_AGAIN_MILLISECONDS);
  });
};

byId("language").addEventListener("click", () => {
  language = say("other_lang");
  for (const id of SAYS) byId(id).replaceChildren();
  showAll();
  showOutcome();
  if (shownLife) showLives(shownLife);
});
startChannel();
startNumbers();
startLife();
startTry();
showAll();
connect();
