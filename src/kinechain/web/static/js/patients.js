// The list of patients: searching as one types (htmx does that), and registering in a dialog.

document.body.classList.add("is-live");

const section = document.getElementById("register");
if (section) {
  const dialog = document.createElement("dialog");
  dialog.className = "register";
  dialog.id = "register";
  dialog.setAttribute("aria-labelledby", "register-title");
  dialog.append(...section.childNodes);
  const close = document.createElement("button");
  Object.assign(close, { type: "button", textContent: "Cancel" });
  close.dataset.closes = "";
  dialog.querySelector(".actions").append(close);
  section.replaceWith(dialog);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-register]")) return;
    event.preventDefault();
    dialog.showModal();
    dialog.querySelector("input[name='name']").focus();
  });
  if (location.hash === "#register") dialog.showModal();
}

// The selections keep the words that are typed.
document.addEventListener("htmx:afterSwap", () => {
  const form = document.querySelector("[data-find]");
  if (!form) return;
  const words = new URLSearchParams(new FormData(form));
  for (const link of document.querySelectorAll(".shown a")) {
    const address = new URL(link.href);
    for (const key of ["search", "sort"]) {
      if (words.get(key)) address.searchParams.set(key, words.get(key));
      else address.searchParams.delete(key);
    }
    link.href = address.href;
  }
});
