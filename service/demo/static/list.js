// Narrows the patient list while one types. Without it the form asks the server, which searches the same way.

const box = document.getElementById("q");
const count = document.getElementById("count");
const groups = [...document.querySelectorAll(".patients details")];
const open = groups.map((group) => group.open);
let asked = 0;
let waiting;

async function narrow() {
  const turn = ++asked;
  const answer = await fetch(`/demo/patients?q=${encodeURIComponent(box.value)}`);
  const found = new Set((await answer.json()).patients);
  if (turn !== asked) return;
  const all = document.querySelectorAll(".patients li");
  for (const row of all) row.hidden = !found.has(row.dataset.patient);
  const shown = [...all].filter((row) => !row.hidden).length;
  groups.forEach((group, n) => {
    const left = group.querySelectorAll("li:not([hidden])").length;
    group.hidden = left === 0;
    group.open = box.value.trim() ? true : open[n];
    group.querySelector(".count").textContent = left;
  });
  count.textContent = shown === all.length ? shown : `${shown} of ${all.length}`;
  document.getElementById("nobody").hidden = shown > 0;
}

if (!new URLSearchParams(location.search).has("q")) {
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(narrow, 120);
  });
}
