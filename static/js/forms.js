// A set of forms grows by one: the empty form of the page is copied under the next number.
(() => {
  "use strict";

  for (const set of document.querySelectorAll("[data-formset]")) {
    const button = set.querySelector("[data-add-form]");
    const empty = set.querySelector("[data-empty-form]");
    const total = set.querySelector(`[name="${set.dataset.formset}-TOTAL_FORMS"]`);
    button.hidden = false;
    button.addEventListener("click", () => {
      const index = Number(total.value);
      const row = document.importNode(empty.content, true);
      for (const node of row.querySelectorAll("[name], [id], [for]")) {
        for (const name of ["name", "id", "for"]) {
          const value = node.getAttribute(name);
          if (value) node.setAttribute(name, value.replace("__prefix__", String(index)));
        }
      }
      const first = row.querySelector("input");
      set.querySelector("[data-forms]").append(row);
      total.value = String(index + 1);
      first.focus();
    });
  }

  // Rows copied in a spreadsheet become lines: the server reads them, and says at each cell what it cannot read.
  const isBlank = (row) =>
    [...row.querySelectorAll("input:not([type=hidden]):not([type=checkbox])")].every(
      (field) => !field.value || field.name.endsWith("-unit"),
    );

  const paste = async (set, text) => {
    const body = set.querySelector("[data-forms]");
    const total = set.querySelector(`[name="${set.dataset.formset}-TOTAL_FORMS"]`);
    const initial = Number(set.querySelector(`[name="${set.dataset.formset}-INITIAL_FORMS"]`).value);
    // Empty rows at the end make room; nothing that was typed is replaced.
    while (body.lastElementChild && Number(total.value) > initial && isBlank(body.lastElementChild)) {
      body.lastElementChild.remove();
      total.value = String(Number(total.value) - 1);
    }
    const sent = new FormData();
    sent.append("text", text);
    sent.append("start", total.value);
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(set.querySelector("[data-paste-go]").dataset.url, {
      method: "POST",
      body: sent,
      headers: { "X-CSRFToken": token },
    });
    if (!answer.ok) return;
    const holder = document.createElement("template");
    holder.innerHTML = await answer.text();
    const rows = [...holder.content.children];
    body.append(...rows);
    total.value = String(Number(total.value) + rows.length);
    (body.querySelector(".has-error input, [aria-invalid=true]") || rows[0]?.querySelector("input"))?.focus();
  };

  for (const menu of document.querySelectorAll("[data-paste]")) menu.hidden = false;
  document.addEventListener("click", (event) => {
    const go = event.target.closest("[data-paste-go]");
    if (!go) return;
    const field = go.parentElement.querySelector("[data-paste-text]");
    if (field.value.trim()) paste(go.closest("[data-formset]"), field.value);
    field.value = "";
    go.closest("details").removeAttribute("open");
  });
  document.addEventListener("paste", (event) => {
    const set = event.target.closest?.("[data-formset]");
    const text = event.clipboardData?.getData("text/plain") || "";
    // Several cells are a sheet; one is a word for the field it is pasted into.
    if (set?.querySelector("[data-paste-go]") && event.target.matches("input") && /[\t\n]./.test(text.trim())) {
      event.preventDefault();
      paste(set, text);
    }
  });
})();

// “For all lines”: empty cells take the value of the first line; those that hold another one are asked about, never
// overwritten in silence.
(() => {
  "use strict";

  let others = [];
  let value = "";

  const cells = (set, name) => [...set.querySelectorAll(`[data-forms] [name$="-${name}"]`)];
  const write = (cell) => {
    cell.value = value;
    cell.dispatchEvent(new Event("change", { bubbles: true }));
  };

  for (const button of document.querySelectorAll("[data-fill]")) button.hidden = false;
  document.addEventListener("click", (event) => {
    const set = event.target.closest("[data-formset]");
    const ask = set?.querySelector("[data-fill-ask]");
    const fill = event.target.closest("[data-fill]");
    if (fill && ask) {
      const [first, ...rest] = cells(set, fill.dataset.fill);
      value = first?.value || "";
      if (!value) return;
      others = rest.filter((cell) => cell.value && cell.value !== value);
      for (const cell of rest.filter((each) => !each.value)) write(cell);
      ask.hidden = others.length === 0;
      ask.querySelector("[data-fill-count]").textContent = others.map((cell) => cell.value).join(", ");
      if (others.length) ask.querySelector("[data-fill-keep]").focus();
    } else if (event.target.closest("[data-fill-over]")) {
      for (const cell of others) write(cell);
      ask.hidden = true;
    } else if (event.target.closest("[data-fill-keep]")) {
      ask.hidden = true;
    }
  });
})();
