// What every page does: tokens for requests, small messages, copying, colours, and a word before unsaved work is left.

/** Return the token that every unsafe request of this session carries. */
export function csrf() {
  return document.querySelector('meta[name="csrf"]')?.content ?? "";
}

/** Send a request of this session; `body` is an object (sent as JSON), a FormData, or nothing. */
export async function send(address, { method = "POST", body = null, signal } = {}) {
  const headers = { "X-CSRF-Token": csrf(), Accept: "application/json" };
  const isForm = body instanceof FormData;
  if (body !== null && !isForm) headers["Content-Type"] = "application/json";
  const answer = await fetch(address, {
    method,
    headers,
    signal,
    credentials: "same-origin",
    body: body === null || isForm ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  const content = text && answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text;
  if (!answer.ok) {
    const said = typeof content === "object" ? content.error : "";
    throw Object.assign(new Error(said || "This did not work. Try again."), { status: answer.status });
  }
  return content;
}

/** Say something in passing; screen readers hear it. */
export function toast(words, { isFault = false, seconds = 6 } = {}) {
  const place = document.getElementById("toasts");
  if (!place) return;
  const item = document.createElement("p");
  item.className = isFault ? "toast is-fault" : "toast";
  item.textContent = words;
  place.append(item);
  setTimeout(() => item.remove(), seconds * 1000);
}

function setTheme(name) {
  if (name) document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
  try {
    if (name) localStorage.setItem("kinechain-theme", name);
    else localStorage.removeItem("kinechain-theme");
  } catch {
    // Kept until the page is left.
  }
  showTheme();
}

function showTheme() {
  const now = document.documentElement.dataset.theme ?? "";
  for (const button of document.querySelectorAll("[data-set-theme]")) {
    button.setAttribute("aria-pressed", String(button.dataset.setTheme === now));
  }
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const text = source?.value ?? source?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text.trim());
    toast("Copied");
  } catch {
    source?.select?.();
    toast("Copying is not allowed here; the text is selected instead", { isFault: true });
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button");
  if (!button) return;
  if ("copy" in button.dataset) copy(button);
  if ("setTheme" in button.dataset) setTheme(button.dataset.setTheme);
  if ("print" in button.dataset) window.print();
  if ("opens" in button.dataset) document.getElementById(button.dataset.opens)?.showModal();
  if ("closes" in button.dataset) button.closest("dialog")?.close();
});

// Forms marked data-guard: leaving with unsent changes asks first. data-confirm: sending asks first.
const changed = new Set();
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-guard]");
  if (form) changed.add(form);
});
document.addEventListener("submit", (event) => {
  const asked = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (asked && !window.confirm(asked)) {
    event.preventDefault();
    return;
  }
  changed.delete(event.target);
  if (event.target.dataset.once !== undefined && event.submitter) {
    setTimeout(() => event.submitter.setAttribute("aria-disabled", "true"));
  }
});
// What a form made and showed once is not made again when the page is loaded again.
if (document.querySelector("[data-once-shown]")) history.replaceState(null, "", location.href);
document.addEventListener("kinechain:saved", (event) => changed.delete(event.target));
window.addEventListener("beforeunload", (event) => {
  if (changed.size) event.preventDefault();
});

// htmx, where a page brings it: this session's token, and faults are said (its settings stand in the frame of the page).
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = csrf();
});
document.addEventListener("htmx:responseError", (event) => {
  const answer = event.detail.xhr;
  const page = new DOMParser().parseFromString(answer.responseText, "text/html");
  toast(page.querySelector('[role="alert"]')?.textContent ?? "This did not work. Try again.", { isFault: true });
});
document.addEventListener("htmx:sendError", () => toast("The workspace cannot be reached. Try again.", { isFault: true }));

for (const group of document.querySelectorAll("[data-theme-choice]")) group.hidden = false;
showTheme();
// On a phone, the tab one is on may lie outside the strip.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
