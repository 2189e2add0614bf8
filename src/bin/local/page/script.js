const byId = id => document.getElementById(id);
const stream = new EventSource("/local/stream");
const on = (name, act) => stream.addEventListener(name, event => act(JSON.parse(event.data)));
const numbers = all => byId("numbers").textContent =
  `accepted ${all.accepted} = shown ${all.shown} + left out ${all.left_out} + waiting ${all.waiting} + dead letters ${all.dead_letters}`;
const message = ({ payload }) => {
  const row = document.createElement("p");
  row.textContent = payload.text;
  byId("channel").append(row);
};
on("state", state => {
  numbers(state.numbers);
  byId("channel").replaceChildren();
  state.messages.forEach(message);
  byId("samples").replaceChildren(...state.samples.map(({ name }) => {
    const button = document.createElement("button");
    button.textContent = name;
    button.onclick = () => fetch("/local/samples/" + name, { method: "POST" });
    return button;
  }));
});
on("message", message);
on("numbers", numbers);
