// The sum line, which is always on screen, and what the numbers were in the last two minutes.

/** A plot shows this much of the past, and less as long as the page has not seen more. */
const [LEAST_SECONDS, MOST_SECONDS] = [30, 120];
const PLOTS = ["accepted", "shown", "waiting", "repeats", "rate_limited", "dead_letters"];
const [PLOT_WIDTH, PLOT_HEIGHT] = [120, 32];

/** Numbers with their time, the oldest first. The last one before the window is kept: a plot begins with it. */
let past = [];

const numberElement = (name, number) =>
  make("b", { class: number ? name : "zero", "data-number": name }, String(number));

const showSum = () => {
  const numbers = state.numbers;
  const parts = say("sum").split(/\{(\w+)\}/);
  const elements = parts.map((part, position) => (position % 2 ? numberElement(part, numbers[part]) : part));
  byId("sum-line").replaceChildren(...elements);
  byId("redrive").disabled = numbers.dead_letters === 0;
};

/** The line of a plot: a number holds until the next one. */
const points = (name, now) => {
  const milliseconds = Math.min(Math.max(now - past[0].at, LEAST_SECONDS * 1000), MOST_SECONDS * 1000);
  const x = (at) => Math.max(0, PLOT_WIDTH * (1 - (now - at) / milliseconds)).toFixed(1);
  const values = past.map((numbers) => numbers[name]);
  // What only grows begins at its smallest number: the plot shows how much was added.
  const isLevel = name === "waiting" || name === "dead_letters";
  const least = isLevel ? 0 : Math.min(...values);
  const range = Math.max(1, Math.max(...values) - least);
  const y = (value) => (PLOT_HEIGHT - 1 - ((PLOT_HEIGHT - 2) * (value - least)) / range).toFixed(1);
  const steps = past.flatMap((numbers, position) => {
    const end = past[position + 1]?.at ?? now;
    return [`${x(numbers.at)},${y(numbers[name])}`, `${x(end)},${y(numbers[name])}`];
  });
  return steps.join(" ");
};

const svg = (name, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  return element;
};

/** The frames of the plots. */
const showPlots = () => {
  const plots = PLOTS.map((name) => {
    const graph = svg("svg", {
      viewBox: `0 0 ${PLOT_WIDTH} ${PLOT_HEIGHT}`,
      preserveAspectRatio: "none",
      "aria-hidden": true,
    });
    graph.append(svg("polyline", { "vector-effect": "non-scaling-stroke" }));
    return make(
      "div",
      { class: `plot ${name}` },
      make("dt", {}, say(`plots.${name}`)),
      make("dd", {}, numberElement(name, 0), graph),
    );
  });
  byId("plots").replaceChildren(...plots);
  drawPlots();
};

const drawPlots = () => {
  if (document.hidden || !past.length) return;
  const now = Math.max(Date.now(), past.at(-1).at);
  const isPast = (numbers) => now - numbers.at > MOST_SECONDS * 1000;
  while (past.length > 1 && isPast(past[1])) past.shift();
  for (const [position, plot] of [...byId("plots").children].entries()) {
    plot.querySelector("b").replaceWith(numberElement(PLOTS[position], past.at(-1)[PLOTS[position]]));
    plot.querySelector("polyline").setAttribute("points", points(PLOTS[position], now));
  }
};

const receiveNumbers = (numbers) => {
  state.numbers = numbers;
  past.push(numbers);
  showSum();
  drawPlots();
};

const startNumbers = () => {
  setInterval(drawPlots, 1000);
  byId("redrive").addEventListener("click", () =>
    sayIn(byId("event-says"), async () => say("redriven", (await post("/local/redrive")).moved)),
  );
};
