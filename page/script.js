// Makes the page more convenient; everything on it works without. Served as it is.
const page = document.documentElement;
const notice = document.querySelector(".notice");
page.classList.add("script");

function tell(text) {
  notice.hidden = text === "";
  notice.textContent = text;
}

// What changed since the page was made, every 5 s while somebody looks at it.
let isAsking = false;
async function refresh() {
  if (isAsking || document.hidden || !("live" in document.body.dataset)) return;
  isAsking = true;
  try {
    const answer = await fetch(location.href);
    const text = await answer.text();
    if (!answer.headers.has("mypaas-page")) return;
    const fresh = new DOMParser().parseFromString(text, "text/html");
    for (const part of ["header", "main"])
      become(document.querySelector(part), fresh.querySelector(part));
    document.title = fresh.title;
    follow();
    tell("");
  } catch {
    tell("This page has ended. Open it again: mypaas open");
  } finally {
    isAsking = false;
  }
}
setInterval(() => void refresh(), 5000);
document.addEventListener("visibilitychange", () => void refresh());

// Changes one element into another and keeps what is the same: focus, open parts and typed text stay.
function become(old, fresh) {
  if ("keep" in old.dataset && old.dataset.stream === fresh.dataset.stream) return;
  for (const name of old.getAttributeNames())
    if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const wanted = [...fresh.childNodes];
  wanted.forEach((next, at) => {
    const now = old.childNodes[at];
    if (now === undefined) old.append(next);
    else if (now.nodeName !== next.nodeName || now.id !== next.id) now.replaceWith(next);
    else if (now.nodeType === Node.ELEMENT_NODE) {
      if (!typed(now)) become(now, next);
    } else if (now.nodeValue !== next.nodeValue) now.nodeValue = next.nodeValue;
  });
  while (old.childNodes.length > wanted.length) old.lastChild.remove();
}

const typed = (element) =>
  element.matches("input, select, [data-template], [data-pause], [data-count]") ||
  (element.matches("button") && element.dataset.copied !== undefined);

// A list that grows: each message holds new entries; one called "all" replaces what is there.
let source;
function follow() {
  const list = document.querySelector("[data-stream]");
  if (source !== undefined && source.url.endsWith(list?.dataset.stream ?? "?")) return;
  source?.close();
  source = undefined;
  if (list === null) return;
  const most = Number(list.dataset.most ?? Infinity);
  let waiting = [];
  source = new EventSource(list.dataset.stream);
  source.addEventListener("all", ({ data }) => {
    waiting = [];
    add(list, data, true, most);
  });
  source.addEventListener("more", ({ data }) => {
    if (!isPaused()) return add(list, data, false, most);
    waiting.push(data);
    if (waiting.length > 40)
      waiting = [
        waiting
          .join("")
          .split("<li")
          .slice(-most)
          .map((one) => `<li${one}`)
          .join(""),
      ];
  });
  source.addEventListener("end", () => {
    source.close();
    void refresh();
  });
  list.resume = () => {
    add(list, waiting.join(""), false, most);
    waiting = [];
  };
}

const pauseButton = () => document.querySelector("[data-pause]");
const isPaused = () => pauseButton()?.getAttribute("aria-pressed") === "true";

function add(list, entries, isAll, most) {
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  if (isAll) list.replaceChildren();
  list.insertAdjacentHTML("beforeend", entries);
  while (list.children.length > most) list.firstElementChild.remove();
  document.querySelector(".none")?.remove();
  filter(list);
  if (isAll || isAtEnd) list.scrollTop = list.scrollHeight;
}

function filter(list) {
  const search = document.querySelector("#search");
  if (search === null) return;
  const wanted = search.value.toLowerCase();
  let count = 0;
  for (const entry of list.children) {
    const fits = wanted === "" || entry.lastElementChild.textContent.toLowerCase().includes(wanted);
    if (entry.hidden === fits) entry.hidden = !fits;
    if (fits) count += 1;
  }
  document.querySelector("[data-count]").textContent =
    `${count.toLocaleString("en")} ${count === 1 ? "line" : "lines"}`;
}

document.addEventListener("input", ({ target }) => {
  if (target.id === "search") filter(document.querySelector(".log"));
  const form = target.closest("[data-command]");
  const code = form?.querySelector("[data-template]");
  if (code)
    code.textContent = code.dataset.template.replace(
      /\{(\w+)\}/g,
      (all, name) => form.elements[name]?.value || all,
    );
});

document.addEventListener("submit", (event) => {
  if (event.target.matches(".search")) event.preventDefault();
});

document.addEventListener("click", ({ target }) => {
  if (target.matches("[data-pause]")) {
    const isOn = !isPaused();
    target.setAttribute("aria-pressed", String(isOn));
    target.textContent = isOn ? "Go on" : "Pause";
    if (!isOn) document.querySelector(".log").resume?.();
  }
  if (target.matches("[data-copy]")) void copy(target);
});

async function copy(target) {
  await navigator.clipboard.writeText(target.previousElementSibling.textContent);
  target.dataset.copied = "";
  target.textContent = "Copied";
  setTimeout(() => {
    delete target.dataset.copied;
    target.textContent = "Copy";
  }, 2000);
}

for (const log of document.querySelectorAll(".log")) log.scrollTop = log.scrollHeight;
follow();
