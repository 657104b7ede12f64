// Order entry: drafts, order-select when one is drafted, order-sign when they are signed.

import { at, counted, el, pretty } from "./dom.js";
import { asJson, callHook, failure, patientId } from "./net.js";
import { cardNode, isLoud } from "./cards.js";

const drafts = new Map(); // id to { resource, label, item }
let choices = null;
let pending = null; // loud cards of the last order-sign that are not overridden yet
let turn = 0; // an answer that comes after a change of the drafts is no answer to them

const say = (text) => { at("order-status").textContent = text; };
const bundle = () => ({
  resourceType: "Bundle", type: "collection", entry: [...drafts.values()].map(({ resource }) => ({ resource })),
});

export function draft(resource, label) {
  const id = crypto.randomUUID();
  const named = { ...resource, id };
  const state = el("div", { class: "aside" }, [resource.resourceType, "draft", resource.intent].filter(Boolean).join(", "));
  const remove = el("button", { type: "button", onclick: () => {
    drafts.delete(id);
    item.remove();
    changed();
    say(`${label}: removed.`);
    at("order").focus();
  } }, "Remove", el("span", { class: "unseen" }, ` ${label}`));
  const item = el("li", {}, el("b", {}, label), state,
    el("details", {}, el("summary", {}, "Resource"),
      el("pre", { tabindex: "0", role: "region", "aria-label": `${label} as JSON` }, pretty(named))), remove);
  drafts.set(id, { resource: named, label, item, state, remove });
  at("drafts").append(item);
  changed();
  return `${resource.resourceType}/${id}`;
}

function changed() {
  turn += 1;
  pending = null;
  at("order-cards").replaceChildren();
  at("sign").hidden = drafts.size === 0;
  at("sign").textContent = drafts.size === 1 ? "Sign order" : "Sign orders";
}

async function ask(hook, context, dismissal) {
  const asked = ++turn;
  at("order-cards").replaceChildren();
  say("Asking the service …");
  try {
    const found = await callHook(hook, patientId(), { ...context, draftOrders: bundle() });
    if (asked !== turn) return null;
    const desk = { service: found.service, dismissal, open: false, drafted: () => {}, dismissed, restored };
    at("order-cards").append(...found.cards.map((card, n) => cardNode(card, found.html[n], desk)));
    return found;
  } catch (error) {
    if (asked !== turn) return null;
    say("");
    at("order-cards").replaceChildren(el("p", { class: "notice", role: "alert" }, failure(error)));
    return null;
  }
}

async function choose(event) {
  event.preventDefault();
  const select = at("order");
  const label = select.selectedOptions[0].textContent;
  try {
    choices ??= await asJson(`/demo/orders/${encodeURIComponent(patientId())}`);
  } catch (error) {
    say(failure(error));
    return;
  }
  const reference = draft(choices[select.value], label);
  const found = await ask("order-select", { selections: [reference] }, "Dismiss");
  if (found) say(`${label} drafted. order-select: ${heard(found)}`);
}

function heard({ cards, answered }) {
  const what = cards.length ? counted(cards.length, "card") : "nothing to say";
  return `${what}, answered in ${Math.round(answered)} ms.`;
}

// ---- signing

async function sign() {
  if (pending?.size === 0) {
    signed();
    return;
  }
  const found = await ask("order-sign", {}, "Override");
  if (!found) return;
  pending = new Set(found.cards.filter(isLoud).map((card) => card.uuid));
  if (pending.size === 0) signed(` order-sign: ${heard(found)}`);
  else remind(`order-sign: ${heard(found)} `);
}

function remind(before = "") {
  const left = pending.size;
  say(left ? `${before}Not signed: ${counted(left, "warning")} to answer. Override with a reason, or remove the order.`
    : "Every warning is answered: the orders can be signed.");
}

function dismissed(card) {
  if (pending?.delete(card.uuid)) {
    at("sign").textContent = pending.size ? at("sign").textContent : "Sign anyway";
    remind();
  }
}

function restored(card) {
  if (pending && isLoud(card)) {
    pending.add(card.uuid);
    at("sign").textContent = "Sign orders";
    remind();
  }
}

function signed(more = "") {
  const count = drafts.size;
  for (const { item, state, remove } of drafts.values()) {
    item.classList.add("signed");
    state.textContent = "✓ Signed, in this demonstration only";
    remove.remove();
  }
  drafts.clear();
  const shown = [...at("order-cards").childNodes];
  changed();
  at("order-cards").append(...shown); // what was said stays to be read
  say(`${counted(count, "order")} signed.${more}`);
  at("order").focus();
}

at("order-form").addEventListener("submit", choose);
at("sign").addEventListener("click", sign);
