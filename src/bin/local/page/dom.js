// What every part of the page needs: elements, requests and the state that the server sent.

const byId = (id) => document.getElementById(id);

/** An element. Its children are elements, or texts, which are never read as markup. */
const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(attribute, value);
    else element.setAttribute(attribute, value);
  }
  element.append(...children);
  return element;
};

const button = (text, click, attributes = {}) => make("button", { type: "button", click, ...attributes }, text);

const capitalized = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Posts JSON to the local stack. The error of a refusal is the sentence that it answers. */
const post = async (path, content = {}) => {
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(content) };
  const response = await fetch(path, request).catch(() => {
    throw new Error(say("stopped"));
  });
  const text = await response.text();
  if (!response.ok) throw new Error(capitalized(text.trim()) || `${response.status} ${response.statusText}`);
  return text ? JSON.parse(text) : {};
};

/** Does something, and lets an element say what came of it, or why it failed. */
const sayIn = async (element, action) => {
  element.classList.remove("failed");
  try {
    element.textContent = (await action()) ?? "";
  } catch (error) {
    element.classList.add("failed");
    element.textContent = error.message;
  }
};

/** The time of a moment, in the reader's zone. */
const clock = (milliseconds, hasSeconds = false) => {
  const style = { hour: "2-digit", minute: "2-digit", ...(hasSeconds && { second: "2-digit" }) };
  return new Date(milliseconds).toLocaleTimeString(locale(), { hourCycle: "h23", ...style });
};

/** What the server last sent: settings, weather, numbers, samples, platforms. */
let state = null;
