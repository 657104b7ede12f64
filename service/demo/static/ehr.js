// Plays the EHR: opens the chart, which calls patient-view, and shows the cards.

import { at, counted, el } from "./dom.js";
import { cardNode } from "./cards.js";
import { anotherUser, callHook, failure, patientId, user } from "./net.js";
import { draft } from "./orders.js";
import "./assessment.js";

function said({ cards, mode, gathered, answered }) {
  const found = cards.length === 0 ? "No cards: the service has nothing to say about this patient."
    : `${counted(cards.length, "card")}.`;
  const ms = (time) => `${Math.round(time)} ms`;
  const how = mode === "prefetch" ? `Records gathered in ${ms(gathered)}, service answered in ${ms(answered)}.`
    : `Service fetched the records and answered in ${ms(answered)}.`;
  return `${found} ${how}`;
}

function drafted({ type, description, resource }) {
  if (type !== "create" || !resource) {
    at("status").textContent = `${description}: this demonstration only creates drafts.`;
    return;
  }
  const name = resource.code?.text ?? description;
  draft(resource, name);
  at("status").textContent = `${name}: drafted in this chart.`;
}

async function opened(event) {
  event.preventDefault();
  const button = at("open-chart");
  button.disabled = true;
  at("cards").replaceChildren();
  at("status").textContent = "Asking the service …";
  try {
    const found = await callHook("patient-view", patientId());
    const desk = { service: found.service, dismissal: "Dismiss", drafted, dismissed: () => {}, restored: () => {} };
    at("cards").append(...found.cards.map((card, n) => cardNode(card, found.html[n], { ...desk, open: n === 0 })));
    at("status").textContent = said(found);
  } catch (error) {
    at("status").textContent = "";
    at("cards").replaceChildren(el("p", { class: "notice", role: "alert" }, failure(error)));
  } finally {
    button.disabled = false;
  }
}

at("user").textContent = user();
at("another-user").addEventListener("click", () => {
  at("user").textContent = anotherUser();
  at("status").textContent = "You are another clinician now: open the chart again.";
});
at("open-form").addEventListener("submit", opened);

// Until here a click would have sent the form to the server, which plays no EHR.
for (const button of at("main").querySelectorAll("button:disabled")) button.disabled = false;
