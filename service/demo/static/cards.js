// Draws cards as an EHR would, and tells the service what becomes of them.

import { el, markdown, webAddress } from "./dom.js";
import { failure, launch, patientId, sendFeedback } from "./net.js";

const INDICATORS = { info: "Information", warning: "Warning", critical: "Critical" };
export const isLoud = (card) => card.indicator === "warning" || card.indicator === "critical";

/* `desk`: service (id), dismissal (verb of the button), open (details unfolded), drafted(action), dismissed(card),
   restored(card). */
export function cardNode(card, html, desk) {
  const tone = card.indicator in INDICATORS ? card.indicator : "info";
  const node = el("article", { class: `card ${tone}`, "aria-label": card.summary });
  const answer = el("p", { class: "told", role: "status" });
  const detail = html ? el("details", { open: desk.open }, el("summary", {}, "Details"), markdown(html)) : null;
  node.append(
    el("header", {}, el("span", { class: "tag" }, INDICATORS[tone]), el("h3", {}, card.summary)),
    el("div", { class: "body" },
      suggestions(card, desk, answer), detail, sources(card, answer), dismissal(card, node, desk, answer), answer),
  );
  return node;
}

async function tell(answer, desk, said) {
  answer.textContent = await sendFeedback(desk.service, said);
}

// ---- links

function sources(card, answer) {
  const links = (card.links ?? []).map((link) =>
    link.type === "smart" ? appLink(link, answer) : webLink(link.url, link.label));
  return el("p", { class: "from" }, el("span", {}, "Source: ", webLink(card.source.url, card.source.label)), ...links);
}

function webLink(url, label) {
  return webAddress(url) ? el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label) : label;
}

function appLink(link, answer) {
  if (!webAddress(link.url)) return link.label;
  const start = async () => {
    try {
      await launch(link.url, patientId());
      answer.textContent = `${link.label}: opened in a new tab, for this patient.`;
    } catch (error) {
      answer.textContent = `The app could not be opened. ${failure(error)}`;
    }
  };
  return el("button", { type: "button", class: "app", onclick: start }, `${link.label} (app)`);
}

// ---- suggestions

function suggestions(card, desk, answer) {
  if (!card.suggestions?.length) return null;
  const group = el("div", { class: "suggestions" }, el("h4", {}, "Suggested"));
  for (const suggestion of card.suggestions) {
    const accepted = (event) => accept(event.currentTarget, suggestion, card, group, desk, answer);
    group.append(el("button", { type: "button", onclick: accepted }, suggestion.label));
  }
  return group;
}

function accept(button, suggestion, card, group, desk, answer) {
  // Marked, not disabled: a disabled button would lose the keyboard's place.
  if (button.ariaDisabled === "true") return;
  const spent = card.selectionBehavior === "at-most-one" ? group.querySelectorAll("button") : [button];
  for (const each of spent) each.ariaDisabled = "true";
  button.classList.add("applied");
  button.textContent = `✓ Drafted: ${suggestion.label}`;
  for (const action of suggestion.actions ?? []) desk.drafted(action);
  tell(answer, desk, { card: card.uuid, outcome: "accepted", acceptedSuggestions: [{ id: suggestion.uuid }] });
}

// ---- dismissal

function dismissal(card, node, desk, answer) {
  const reasons = card.overrideReasons ?? [];
  const id = `reason-${crypto.randomUUID()}`;
  const select = el("select", { id, required: true }, el("option", { value: "" }, "Choose a reason"),
    ...reasons.map((reason) => el("option", { value: reason.code }, reason.display)));
  const form = el("form", { class: "dismiss", onsubmit: (event) => {
    event.preventDefault();
    dismiss(card, node, reasons.find(({ code }) => code === select.value) ?? null, desk, answer);
  } });
  if (reasons.length) form.append(el("label", { for: id }, `${desk.dismissal} this card because`), select);
  form.append(el("button", { type: "submit" }, desk.dismissal));
  return form;
}

function dismiss(card, node, reason, desk, answer) {
  const kept = [...node.childNodes];
  const past = desk.dismissal === "Override" ? "Overridden" : "Dismissed";
  const again = el("button", { type: "button", onclick: () => {
    node.classList.remove("dismissed");
    node.replaceChildren(...kept);
    node.querySelector(".body").append(answer);
    node.querySelector(".dismiss button").focus();
    desk.restored(card);
  } }, "Show again");
  node.classList.add("dismissed");
  node.replaceChildren(el("header", {},
    el("span", { class: "tag" }, `${past}: ${reason ? reason.display : "no reason asked"}`),
    el("h3", {}, card.summary), again), answer);
  again.focus();
  tell(answer, desk, { card: card.uuid, outcome: "overridden",
    ...(reason ? { overrideReason: { reason: { code: reason.code, system: reason.system, display: reason.display } } } : {}) });
  desk.dismissed(card);
}
