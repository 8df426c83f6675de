// Search, sort and open: the table is whole without it.
(() => {
  "use strict";
  const table = document.querySelector("table.files"), body = table.tBodies[0], rows = [...body.rows];
  const find = document.getElementById("find"), found = document.getElementById("found");
  find.parentElement.hidden = false;
  find.addEventListener("input", () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) { const text = row.textContent.toLowerCase(); row.hidden = !words.every((w) => text.includes(w)); shown += row.hidden ? 0 : 1; }
    found.textContent = words.length ? `${shown} of ${rows.length}` : "";
  });
  const key = (row, column) => { const cell = row.cells[column]; return cell ? cell.textContent.trim() : ""; };
  const words = new Intl.Collator("en", { numeric: true });
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button"); button.type = "button"; button.className = "sort";
    button.append(...head.childNodes); head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      rows.sort((a, b) => (a.cells.length - b.cells.length) * -1 || words.compare(key(a, column), key(b, column)) * (down ? -1 : 1));
      body.append(...rows);
    });
  });
  const open = () => { const target = location.hash.startsWith("#file-") && document.getElementById(location.hash.slice(1)); if (target) { target.open = true; target.scrollIntoView(); } };
  addEventListener("hashchange", open); open();
})();
