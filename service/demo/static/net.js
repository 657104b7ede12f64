// Calls of the service and of the FHIR server, as an EHR makes them.

import { at } from "./dom.js";
import { exchanged } from "./exchanges.js";

export class Refused extends Error {}

export const failure = (error) =>
  error instanceof Refused ? `The service answered ${error.message}` : "The service could not be reached.";

export async function asJson(address, init) {
  const answer = await fetch(address, { cache: "no-store", ...init });
  const body = await answer.json();
  if (!answer.ok) {
    const issue = body?.issue?.[0];
    const text = issue?.details?.text ?? issue?.diagnostics ?? "The request was refused.";
    const refused = new Refused(`${answer.status}: ${text}`);
    refused.status = answer.status;
    refused.body = body;
    throw refused;
  }
  return body;
}

export const postJson = (address, body) =>
  asJson(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export async function told(label, address, request, before = 0) {
  // A call that is shown to the reader, whatever becomes of it.
  const started = performance.now();
  const took = () => ({ gathered: before, answered: performance.now() - started });
  try {
    const response = await postJson(address, request);
    exchanged({ label, address, request, response, status: 200, ...took() });
    return { response, ...took() };
  } catch (error) {
    exchanged({ label, address, request, response: error.body ?? null, status: error.status ?? "no answer", ...took() });
    throw error;
  }
}

// ---- who asks

/* A tab is one clinician. The service keeps a card quiet for the one who dismissed it, and for nobody else. */
export function user() {
  return sessionStorage.getItem("user") ?? anotherUser();
}

export function anotherUser() {
  const id = `Practitioner/demo-${crypto.randomUUID().slice(0, 8)}`;
  sessionStorage.setItem("user", id);
  return id;
}

// ---- CDS Hooks

let discovered = null;

async function serviceOf(hook) {
  discovered ??= asJson("/cds-services").catch((error) => {
    discovered = null;
    throw error;
  });
  return (await discovered).services.find((service) => service.hook === hook);
}

async function prefetched(service, patient) {
  const filled = Object.entries(service.prefetch ?? {}).map(async ([key, template]) => {
    const query = template.replaceAll("{{context.patientId}}", encodeURIComponent(patient));
    const answer = await fetch(`/fhir/${query}`, { headers: { Accept: "application/fhir+json" } });
    return [key, await answer.json()]; // an OperationOutcome is passed on, as the standard asks
  });
  return Object.fromEntries(await Promise.all(filled));
}

export async function callHook(hook, patient, context = {}) {
  // The cards of a hook with their details as HTML, the service's id, and the times it took.
  const started = performance.now();
  const service = await serviceOf(hook);
  const mode = document.querySelector("input[name=mode]:checked").value;
  const request = {
    hook,
    hookInstance: crypto.randomUUID(),
    context: { userId: user(), patientId: patient, ...context },
  };
  if (mode === "access") request.fhirServer = `${location.origin}/fhir`;
  else request.prefetch = await prefetched(service, patient);
  const gathered = mode === "access" ? 0 : performance.now() - started;
  const { response, answered } = await told(hook, `/cds-services/${service.id}`, request, gathered);
  const details = response.cards.map((card) => card.detail ?? "");
  const { html } = await postJson("/demo/render", { markdown: details });
  return { cards: response.cards, html, service: service.id, mode, gathered, answered };
}

// ---- feedback

export async function sendFeedback(service, said) {
  // What became of a card, and the sentence that tells it.
  const item = { ...said, outcomeTimestamp: new Date().toISOString() };
  try {
    const { response } = await told("feedback", `/cds-services/${service}/feedback`, { feedback: [item] });
    const kept = [["stored", response.stored], ["known before", response.repeated]].filter(([, count]) => count);
    const counts = kept.map(([word, count]) => `${count} ${word}`).join(", ");
    return `Feedback sent: ${item.outcome}. The service answered 200${counts ? ` (${counts})` : ""}.`;
  } catch (error) {
    return `Feedback could not be delivered. ${failure(error)}`;
  }
}

// ---- SMART launch

export async function launch(url, patient) {
  // An EHR makes a launch of its own for each opening of an app: the app learns the patient from it.
  const { launch: value } = await postJson("/fhir/auth/launch", { patient });
  const address = new URL(url);
  // As the app knows this record system, whatever name of this machine the page was opened by.
  address.searchParams.set("iss", `${address.origin}/fhir`);
  address.searchParams.set("launch", value);
  window.open(address, "_blank", "noopener,noreferrer");
}

export const patientId = () => at("chart").dataset.patient;
