// The log of what was exchanged, newest first, and the viewers of one exchange.

import { at, counted, el, kilobytes, pretty } from "./dom.js";

const ms = (time) => `${Math.round(time)} ms`;

export function exchanged(exchange) {
  at("no-exchange").hidden = true;
  at("exchanged").hidden = false;
  const body = at("exchanged").querySelector("tbody");
  const button = el("button", { type: "button", "aria-pressed": "false", onclick: () => show(exchange, button) },
    "Show", el("span", { class: "unseen" }, ` ${exchange.label}, call ${body.rows.length + 1}`));
  body.prepend(el("tr", {},
    el("td", {}, el("b", {}, exchange.label), el("div", { class: "aside" }, `POST ${exchange.address}`)),
    el("td", {}, summaryOf(exchange)),
    el("td", {}, timesOf(exchange)),
    el("td", {}, button)));
  show(exchange, button);
}

function summaryOf({ status, response }) {
  const cards = response?.cards;
  const found = cards ? counted(cards.length, "card") : response ? kilobytes(response) : "";
  return found ? `${status}, ${found}` : String(status);
}

function timesOf({ gathered, answered }) {
  return el("span", {}, gathered ? `records ${ms(gathered)}, ` : "", `answer ${ms(answered)}`);
}

function show(exchange, button) {
  for (const each of at("exchanged").querySelectorAll("tbody button")) each.ariaPressed = String(each === button);
  view("request", exchange.request, `POST ${exchange.address}`);
  view("response", exchange.response, String(exchange.status));
}

function view(id, content, head) {
  at(id).querySelector(".hint").textContent = content === null ? head : `${head}, ${kilobytes(content)}`;
  at(id).querySelector("pre").textContent = content === null ? "no answer" : pretty(content);
}
