// Keeps an open page as it is on the server. A stream of notices says that it is old; the page is then fetched again,
// and only what differs is touched, so that focus, selection and scrolling stay. Without this file a page works too.

const GAP_MS = 500; // between two fetches at least
const AGAIN_MS = 3_000; // after a failure
const FETCH_MS = 20_000; // a fetch takes at most so long
const SILENCE_MS = 40_000; // the stream beats every 15 s: without a word for so long the link is lost
const AGES_MS = 60_000; // ages and deadlines move although nothing happens
const SAY_MS = 2_000; // what happens within it is announced once

const main = document.getElementById("main");
const sign = document.getElementById("live");
const news = document.getElementById("news");
const script = document.querySelector("script[src]").getAttribute("src");

let source, watchdog, announcing;
let said = main.dataset.said;
let fetching = false;
let wanted = false;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function show(state) {
  if (sign.dataset.state !== state) {
    sign.dataset.state = state;
    sign.textContent = sign.dataset[state];
  }
}

function open() {
  close();
  source = new EventSource(`${main.dataset.events}?since=${main.dataset.revision}`);
  source.addEventListener("open", heard);
  source.addEventListener("beat", heard);
  source.addEventListener("changed", (notice) => {
    heard();
    if (notice.lastEventId !== main.dataset.revision) refresh();
  });
  source.addEventListener("error", lost);
  watch();
}

function close() {
  source?.close();
  clearTimeout(watchdog);
}

function heard() {
  watch();
  if (!wanted) show("fresh");
}

function watch(ms = SILENCE_MS) {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => {
    show("lost");
    open();
  }, ms);
}

// The browser returns by itself after a broken link, but not after an answer that is no stream.
function lost() {
  show("lost");
  if (source.readyState === EventSource.CLOSED) watch(AGAIN_MS);
}

async function refresh() {
  wanted = true;
  if (fetching) return;
  fetching = true;
  while (wanted && !document.hidden) {
    wanted = false;
    try {
      await swap();
      if (source.readyState === EventSource.OPEN) show("fresh");
      await pause(GAP_MS);
    } catch {
      wanted = true;
      show("lost");
      await pause(AGAIN_MS);
    }
  }
  fetching = false;
}

async function swap() {
  const answer = await fetch(location.pathname + location.search, {
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(FETCH_MS),
  });
  if (!answer.ok) throw new Error(`the page answers ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (fresh.querySelector("script[src]")?.getAttribute("src") !== script) return location.reload(); // a new release
  const focused = [];
  for (let node = document.activeElement; node; node = node.parentElement) focused.push(node);
  for (const part of document.querySelectorAll("[data-live]")) patch(part, fresh.getElementById(part.id));
  if (document.activeElement !== focused[0]) {
    focused.find((node) => node.isConnected && node.matches("a[href], [tabindex]"))?.focus({ preventScroll: true });
  }
  announce();
}

function announce() {
  announcing ??= setTimeout(() => {
    announcing = undefined;
    if (said !== main.dataset.said) news.textContent = said = main.dataset.said;
  }, SAY_MS);
}

// Makes `old` like `now`. Elements with an id are the same element wherever they stand; others are, place by place.
function patch(old, now) {
  if (old.isEqualNode(now)) return;
  for (const { name } of [...old.attributes]) if (!now.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const staying = new Set([...now.children].map((child) => child.id));
  for (const child of [...old.children]) if (child.id && !staying.has(child.id)) child.remove();
  const named = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let at = old.firstChild;
  for (const next of [...now.childNodes]) {
    const same = next.id ? named.get(next.id) : at && !at.id && at.nodeName === next.nodeName ? at : undefined;
    if (!same) old.insertBefore(document.importNode(next, true), at);
    else if (same === at) at = at.nextSibling;
    else old.insertBefore(same, at);
    if (same?.nodeType === Node.ELEMENT_NODE) patch(same, next);
    else if (same && same.data !== next.data) same.data = next.data;
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return close(); // a browser has six links to a server; pages that nobody sees need none
  open();
  refresh();
});
setInterval(() => {
  if (!document.hidden) refresh();
}, AGES_MS);
open();
