// The Assessment behind the cards, as a table of facts.

import { at, el, pretty } from "./dom.js";
import { asJson, failure, patientId } from "./net.js";

export async function assessment() {
  const box = at("assessment");
  const notice = box.querySelector(".notice");
  try {
    const found = await asJson(`/demo/assessment/${encodeURIComponent(patientId())}?on=${at("on").value}`);
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

at("day-form").addEventListener("submit", (event) => {
  event.preventDefault();
  assessment();
});
at("another-day")?.addEventListener("click", (event) => {
  at("on").value = event.target.dataset.day;
  assessment();
});
// Read when it is looked at: most charts are opened for their cards.
at("assessment").addEventListener("toggle", assessment, { once: true });
