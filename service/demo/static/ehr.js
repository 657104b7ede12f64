// Plays the EHR: makes the hook call, shows the cards, drafts what a suggestion proposes.
// Whatever comes from the network is set as text; the details of cards pass through /demo/render.

const chart = document.getElementById("chart").dataset;
const at = (id) => document.getElementById(id);
const INDICATORS = { info: "Information", warning: "Warning", critical: "Critical" };

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

const pretty = (value) => JSON.stringify(value, null, 2);
const kilobytes = (value) => `${Math.max(1, Math.round(JSON.stringify(value).length / 1000))} kB`;

class Refused extends Error {}

async function asJson(address, init) {
  const answer = await fetch(address, { cache: "no-store", ...init });
  const body = await answer.json();
  if (!answer.ok) {
    const issue = body?.issue?.[0];
    const text = issue?.details?.text ?? issue?.diagnostics ?? "The request was refused.";
    throw new Refused(`${answer.status}: ${text}`);
  }
  return body;
}

const postJson = (address, body) =>
  asJson(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

// ---- the hook call

async function prefetched() {
  const { services } = await asJson("/cds-services");
  const templates = services.find((service) => service.id === chart.service).prefetch ?? {};
  const filled = Object.entries(templates).map(async ([key, template]) => {
    const query = template.replaceAll("{{context.patientId}}", encodeURIComponent(chart.patient));
    const answer = await fetch(`/fhir/${query}`, { headers: { Accept: "application/fhir+json" } });
    return [key, await answer.json()]; // an OperationOutcome is passed on, as the standard asks
  });
  return Object.fromEntries(await Promise.all(filled));
}

async function hookRequest(mode) {
  const call = {
    hook: "patient-view",
    hookInstance: crypto.randomUUID(),
    context: { userId: "Practitioner/demo-clinician", patientId: chart.patient },
  };
  if (mode === "access") return { ...call, fhirServer: `${location.origin}/fhir` };
  return { ...call, prefetch: await prefetched() };
}

async function openChart(mode) {
  const started = performance.now();
  const request = await hookRequest(mode);
  const sent = performance.now();
  const response = await postJson(`/cds-services/${chart.service}`, request);
  const done = performance.now();
  const details = response.cards.map((card) => card.detail ?? "");
  const { html } = await postJson("/demo/render", { markdown: details });
  return { request, response, html, gathered: sent - started, answered: done - sent };
}

function said({ response, gathered, answered }, mode) {
  const count = response.cards.length;
  const found = count === 0 ? "No cards: the service has nothing to say about this patient."
    : `${count} ${count === 1 ? "card" : "cards"}.`;
  const ms = (time) => `${Math.round(time)} ms`;
  const how = mode === "prefetch" ? `Records gathered in ${ms(gathered)}, service answered in ${ms(answered)}.`
    : `Service fetched the records and answered in ${ms(answered)}.`;
  return `${found} ${how}`;
}

async function opened(event) {
  event.preventDefault();
  const mode = new FormData(event.target).get("mode");
  const button = at("open-chart");
  button.disabled = true;
  at("cards").replaceChildren();
  at("orders").hidden = true;
  at("orders").querySelector("ul").replaceChildren();
  at("exchange").hidden = true;
  at("status").textContent = "Asking the service …";
  try {
    const result = await openChart(mode);
    at("cards").append(...result.response.cards.map((card, n) => cardNode(card, result.html[n], n === 0)));
    at("status").textContent = said(result, mode);
    showExchange("request", result.request, "POST /cds-services/" + chart.service);
    showExchange("response", result.response, "200");
    await assessment();
    at("exchange").hidden = false;
  } catch (error) {
    at("status").textContent = "";
    at("cards").replaceChildren(el("p", { class: "notice", role: "alert" }, failure(error)));
  } finally {
    button.disabled = false;
  }
}

const failure = (error) =>
  error instanceof Refused ? `The service answered ${error.message}` : "The service could not be reached.";

function showExchange(id, content, head) {
  at(id).querySelector(".hint").textContent = `${head}, ${kilobytes(content)}`;
  at(id).querySelector("pre").textContent = pretty(content);
}

// ---- cards

function cardNode(card, html, first) {
  const tone = card.indicator in INDICATORS ? card.indicator : "info";
  const node = el("article", { class: `card ${tone}`, "aria-label": card.summary });
  const detail = html ? el("details", { open: first }, el("summary", {}, "Details"), markdown(html)) : null;
  node.append(
    el("header", {}, el("span", { class: "tag" }, INDICATORS[tone]), el("h3", {}, card.summary)),
    el("div", { class: "body" }, suggestions(card), detail, sources(card), dismissal(card, node)),
  );
  return node;
}

function markdown(html) {
  // Made by our own renderer, which lets no HTML of the card through; parsed without running anything.
  const parsed = new DOMParser().parseFromString(html, "text/html");
  return el("div", { class: "markdown" }, ...parsed.body.childNodes);
}

function sources(card) {
  const links = (card.links ?? []).map((link) =>
    webLink(link.url, link.type === "smart" ? `${link.label} (app)` : link.label));
  return el("p", { class: "from" }, el("span", {}, "Source: ", webLink(card.source.url, card.source.label)), ...links);
}

function webLink(url, label) {
  const usable = URL.canParse(url) && ["http:", "https:"].includes(new URL(url).protocol);
  return usable ? el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label) : label;
}

function suggestions(card) {
  if (!card.suggestions?.length) return null;
  const group = el("div", { class: "suggestions" }, el("h4", {}, "Suggested"));
  for (const suggestion of card.suggestions) {
    group.append(el("button", { type: "button", onclick: (event) => accept(event.target, suggestion, card, group) },
      suggestion.label));
  }
  return group;
}

function accept(button, suggestion, card, group) {
  // Marked, not disabled: a disabled button would lose the keyboard's place.
  if (button.ariaDisabled === "true") return;
  const spent = card.selectionBehavior === "at-most-one" ? group.querySelectorAll("button") : [button];
  for (const each of spent) each.ariaDisabled = "true";
  button.classList.add("applied");
  button.textContent = `✓ Drafted: ${suggestion.label}`;
  for (const action of suggestion.actions ?? []) at("orders").querySelector("ul").append(order(action));
  at("orders").hidden = false;
  at("status").textContent = `${suggestion.label}: drafted in this chart.`;
}

function order({ type, description, resource }) {
  const name = resource?.code?.text ?? description;
  const state = [resource?.resourceType, resource?.status, resource?.intent].filter(Boolean).join(", ");
  return el("li", {},
    el("b", {}, name), el("div", { class: "aside" }, state),
    el("details", {}, el("summary", {}, `${resource?.resourceType ?? "Resource"} to ${type}`),
      el("pre", { tabindex: "0", "aria-label": "Resource as JSON" }, pretty(resource))));
}

function dismissal(card, node) {
  const reasons = card.overrideReasons ?? [];
  const id = `reason-${card.uuid}`;
  const select = el("select", { id, required: true }, el("option", { value: "" }, "Choose a reason"),
    ...reasons.map((reason) => el("option", { value: reason.code }, reason.display)));
  const form = el("form", { class: "dismiss", onsubmit: (event) => {
    event.preventDefault();
    dismiss(card, node, reasons.length ? select.selectedOptions[0].textContent : "no reason asked");
  } });
  if (reasons.length) form.append(el("label", { for: id }, "Dismiss this card because"), select);
  form.append(el("button", { type: "submit" }, "Dismiss"));
  return form;
}

function dismiss(card, node, reason) {
  const kept = [...node.childNodes];
  const undo = el("button", { type: "button", onclick: () => {
    node.classList.remove("dismissed");
    node.replaceChildren(...kept);
    node.querySelector(".dismiss button").focus();
  } }, "Undo");
  node.classList.add("dismissed");
  node.replaceChildren(el("header", {},
    el("span", { class: "tag" }, `Dismissed: ${reason}`), el("h3", {}, card.summary), undo));
  undo.focus();
}

// ---- the assessment behind the cards

async function assessment() {
  const box = at("assessment");
  const notice = box.querySelector(".notice");
  try {
    const found = await asJson(`/demo/assessment/${chart.patient}?on=${at("on").value}`);
    box.querySelector(".scroll").replaceChildren(factTable(found));
    box.querySelector("pre").textContent = pretty(found);
    notice.hidden = true;
  } catch (error) {
    notice.textContent = failure(error);
    notice.hidden = false;
  }
}

const NAMES = { endBlock1Mrd: "End-of-block-1 MRD", carT: "CAR-T" };
const words = (name) =>
  NAMES[name] ?? name.replace(/([a-z])([A-Z0-9])/g, "$1 $2").toLowerCase().replace(/^./, (c) => c.toUpperCase());

function factTable({ picture }) {
  const facts = Object.entries(picture).filter(([, fact]) => fact && typeof fact === "object" && "value" in fact);
  return el("table", { class: "facts" },
    el("thead", {}, el("tr", {}, ...["Fact", "Value", "From"].map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, ...facts.map(([name, fact]) =>
      el("tr", {}, el("th", { scope: "row" }, words(name)), valueCell(fact), evidenceCell(fact.evidence ?? [])))));
}

function valueCell({ value, note, unknownBecause }) {
  if (value === null) return el("td", {}, el("span", { class: "unknown" }, "unknown"), `: ${unknownBecause}`);
  return el("td", {}, inWords(value), note ? ` (${note})` : null);
}

function inWords(value) {
  if (Array.isArray(value)) return value.map(inWords).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (value && typeof value === "object") {
    const parts = Object.entries(value).filter(([, part]) => part !== null);
    return parts.map(([name, part]) => `${words(name).toLowerCase()}: ${inWords(part)}`).join("; ");
  }
  return String(value);
}

function evidenceCell(references) {
  const links = references.map((reference) => el("li", {},
    el("a", { href: `/fhir/${reference.split("/").map(encodeURIComponent).join("/")}`, target: "_blank",
      rel: "noopener" }, reference)));
  return el("td", {}, links.length ? el("ul", { class: "evidence" }, ...links) : "no record cited");
}

at("open-form").addEventListener("submit", opened);
at("day-form").addEventListener("submit", (event) => {
  event.preventDefault();
  assessment();
});
at("another-day")?.addEventListener("click", (event) => {
  at("on").value = event.target.dataset.day;
  assessment();
});
