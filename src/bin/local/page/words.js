// The language of the page.

const WORDS = { en: ENGLISH, ko: KOREAN };

let language = (navigator.language || "en").startsWith("ko") ? "ko" : "en";

/** How the reader writes times and dates: as their browser says, if it speaks the page's language. */
const locale = () => navigator.languages.find((locale) => locale.startsWith(language)) ?? language;

/** The words of this name, such as `step.queued`, with values in the places of {0}, {1}. */
const say = (name, ...values) => {
  const words = name.split(".").reduce((words, part) => words?.[part], WORDS[language]);
  return typeof words === "string" ? words.replace(/\{(\d)\}/g, (_, position) => values[position]) : words;
};

/** Fills in the words of index.html. */
const sayAll = () => {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll("[data-label]"))
    element.setAttribute("aria-label", say(element.dataset.label));
};
