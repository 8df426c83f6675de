// Files go with the token of the session in a header, which a plain form cannot send.

import { csrf } from "/static/js/base.js";

for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", async (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    const fault = form.querySelector(".fault");
    fault.hidden = true;
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "X-CSRF-Token": csrf(), Accept: "application/json" },
      credentials: "same-origin",
      body: new FormData(form),
    }).catch(() => null);
    if (answer?.ok) {
      window.location.reload();
      return;
    }
    const content = await answer?.json().catch(() => null);
    fault.textContent = content?.error ?? "This did not work. Try again.";
    fault.hidden = false;
  });
}
