// What the page does beyond its words: hover and arrow keys on the chart, "what if" without a reload, local times.
// Everything it shows is on the page already, or comes from the page's own address.

for (const time of document.querySelectorAll("time[data-local]")) {
  const when = new Date(time.dateTime);
  if (!Number.isNaN(when.valueOf())) {
    time.textContent = when.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short", hour12: false });
    time.title = time.dateTime;
  }
}

const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("aria-hidden", "true"); // the mark's own label says the same
document.body.append(tip);

function showTip(point) {
  const box = point.getBoundingClientRect();
  tip.textContent = point.getAttribute("aria-label") + (point.tagName === "a" ? " (open the resource)" : "");
  tip.hidden = false;
  const width = tip.offsetWidth;
  const left = Math.min(Math.max(box.left + box.width / 2 - width / 2, 8), document.documentElement.clientWidth - width - 8);
  const above = box.top - tip.offsetHeight - 8;
  tip.style.left = `${left + window.scrollX}px`;
  tip.style.top = `${(above > 0 ? above : box.bottom + 8) + window.scrollY}px`;
}

for (const figure of document.querySelectorAll("figure")) {
  const points = [...figure.querySelectorAll(".point")];
  points.sort((a, b) => a.getAttribute("aria-label").localeCompare(b.getAttribute("aria-label")));
  // One stop for the tab key; the arrow keys go from mark to mark in order of time.
  points.forEach((point, place) => point.setAttribute("tabindex", place ? "-1" : "0"));
  for (const point of points) {
    point.addEventListener("mouseenter", () => showTip(point));
    point.addEventListener("mouseleave", () => { tip.hidden = true; });
    point.addEventListener("focus", () => showTip(point));
    point.addEventListener("blur", () => { tip.hidden = true; });
  }
  figure.addEventListener("keydown", (event) => {
    const here = points.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const to = event.key === "Home" ? 0 : event.key === "End" ? points.length - 1 : here + (step ?? NaN);
    if (event.key === "Escape") tip.hidden = true;
    if (here < 0 || !points[to]) return;
    event.preventDefault();
    points[here].setAttribute("tabindex", "-1");
    points[to].setAttribute("tabindex", "0");
    points[to].focus();
  });
}

const form = document.getElementById("what-if-form");
if (form) {
  const status = document.getElementById("what-if-status");
  const submit = form.querySelector("[type=submit]");
  const reset = form.querySelector("[type=reset]");
  const chosen = () => [...form.querySelectorAll("select")].filter((select) => select.value);
  let latest = 0;
  submit.hidden = true;

  async function suppose() {
    const mine = ++latest;
    const count = chosen().length;
    reset.hidden = count === 0;
    status.textContent = "Asking the rules …";
    let text = count === 0 ? "As on record." : `Hypothetical: ${count} value${count > 1 ? "s" : ""} supposed. Groups and advice have changed with them.`;
    try {
      const answer = await fetch(form.getAttribute("action").split("#")[0], {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams(new FormData(form)),
      });
      const body = await answer.json();
      if (mine !== latest) return;
      if (answer.ok) {
        for (const [name, html] of Object.entries(body.parts)) {
          const part = document.querySelector(`[data-part="${name}"]`);
          const open = new Set([...part.querySelectorAll("details[open] > summary")].map((s) => s.textContent.trim()));
          part.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
          for (const summary of part.querySelectorAll("details > summary")) {
            if (open.has(summary.textContent.trim())) summary.parentElement.open = true;
          }
        }
        document.body.classList.toggle("hypothetical", count > 0);
      } else {
        text = body.issue?.[0]?.details?.text ?? `The service answered ${answer.status}.`;
        text += " The page shows the last values that were possible.";
      }
    } catch {
      text = "The service could not be reached: the page is as it was before.";
    }
    if (mine === latest) status.textContent = text;
  }
  form.addEventListener("change", suppose);
  form.addEventListener("submit", (event) => { event.preventDefault(); suppose(); });
  reset.addEventListener("click", () => { form.reset(); for (const select of form.querySelectorAll("select")) select.value = ""; suppose(); });
  reset.hidden = chosen().length === 0;
}

// A link into a folded list opens it.
function unfold() {
  const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
  target?.scrollIntoView();
}
window.addEventListener("hashchange", unfold);
if (location.hash) unfold();
