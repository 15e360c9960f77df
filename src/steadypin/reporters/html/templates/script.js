"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const at = id => document.getElementById(id);

  // Printing shows everything that is folded; afterwards it is folded again.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach(part => { part.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach(part => { part.open = false; }));

  const table = at("ledgers");
  if (!table) return;
  const rows = [...table.tBodies];
  const texts = new Map(rows.map(row => [row, row.textContent.toLowerCase()]));

  const open = (row, yes) => {
    row.classList.toggle("open", yes);
    row.querySelector(".toggle").setAttribute("aria-expanded", String(yes));
  };
  rows.forEach(row => {
    const [head, more] = row.rows;
    more.id = row.id + "-more";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "toggle";
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", more.id);
    button.setAttribute("aria-label", "Details of " + head.querySelector(".name").textContent);
    button.addEventListener("click", () => open(row, !row.classList.contains("open")));
    head.cells[0].prepend(button);
  });

  const fields = ["search", "state", "severity", "kind", "group"].map(at).filter(Boolean);
  const value = id => (at(id) ? at(id).value : "");
  const fits = row => {
    const words = value("search").toLowerCase().split(/\s+/).filter(Boolean);
    return (value("state") === "all" || row.classList.contains(value("state")))
      && (!value("severity") || row.dataset.sev.split(" ").includes(value("severity")))
      && (!value("kind") || row.dataset.kind === value("kind"))
      && (!value("group") || (row.dataset.groups || "").split("|").includes(value("group")))
      && words.every(word => texts.get(row).includes(word));
  };
  const filter = () => {
    const shown = rows.filter(row => { row.hidden = !fits(row); return !row.hidden; });
    at("shown").textContent = shown.length + " of " + rows.length + " shown";
  };
  const form = at("filters");
  fields.forEach(field => field.addEventListener("input", filter));
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));

  const heads = [...table.tHead.rows[0].cells];

  // `data-v` where the text is not what is sorted by. Versions sort as people read them: 2.9 before 2.10.
  const key = (row, column) => {
    const cell = row.rows[0].cells[column];
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    if (heads[column].dataset.sort === "number") return Number.parseFloat(cell.textContent) || -1;
    return (column ? cell : cell.querySelector(".name")).textContent.trim();
  };
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const sort = (column, downwards) => {
    const keys = new Map(rows.map(row => [row, key(row, column)]));
    const compare = (a, b) => (typeof a === "number" ? a - b : order.compare(a, b));
    const sorted = [...rows].sort((a, b) => (downwards ? -1 : 1) * compare(keys.get(a), keys.get(b)));
    table.append(...sorted);
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      const downwards = before ? before === "ascending" : head.dataset.sort === "number";
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", downwards ? "descending" : "ascending");
      sort(column, downwards);
    });
  });

  // #show-drifted filters, #p-flask opens its row.
  const follow = () => {
    const id = location.hash.slice(1);
    const target = id && at(id);
    if (!target) return;
    if (id.startsWith("show-")) {
      form.reset();
      at("state").value = id.slice(5);
      filter();
      at("packages").scrollIntoView();
    } else if (target.tBodies === undefined && rows.includes(target)) {
      if (target.hidden) { form.reset(); at("state").value = "all"; filter(); }
      open(target, true);
      target.scrollIntoView({ block: "start" });
    } else if (target.closest("details")) {
      target.closest("details").open = true;
    }
  };
  table.addEventListener("click", event => {
    const name = event.target.closest("a.name");
    const row = name && name.closest("tbody");
    if (row && location.hash === "#" + row.id) {
      event.preventDefault();
      open(row, !row.classList.contains("open"));
    }
  });
  addEventListener("hashchange", follow);
  filter();
  follow();
})();
