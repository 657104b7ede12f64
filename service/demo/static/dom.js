// Small helpers. Whatever comes from the network is set as text, never parsed as HTML.

export const at = (id) => document.getElementById(id);
export const pretty = (value) => JSON.stringify(value, null, 2);
export const kilobytes = (value) => `${Math.max(1, Math.round(JSON.stringify(value).length / 1000))} kB`;
export const counted = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

export function markdown(html) {
  // Made by our own renderer, which lets no HTML of the card through; parsed without running anything.
  const parsed = new DOMParser().parseFromString(html, "text/html");
  return el("div", { class: "markdown" }, ...parsed.body.childNodes);
}

export function webAddress(url) {
  return URL.canParse(url) && ["http:", "https:"].includes(new URL(url).protocol);
}
