// The editor of a process: rows are added, moved and removed in place; many fields travel as one.
// Without this script a row is added by the server, moved by its number, and removed by its box.
(() => {
  "use strict";

  const FOLDED = "steps-json";
  const PREFIX = "steps-";
  const cell = (row, name) => row.querySelector(`[name$="-${name}"]`);
  const codeOf = (row) => cell(row, "code").value.trim();

  const begin = (form) => {
    const rows = form.querySelector("[data-rows]");
    const total = form.querySelector(`[name="${PREFIX}TOTAL_FORMS"]`);
    const empty = form.querySelector("[data-empty-row]");
    const said = form.querySelector("[data-said]");
    let isChanged = form.querySelector("[data-answer]") !== null;

    const all = () => [...rows.querySelectorAll("[data-row]:not([hidden])")];
    const number = () => {
      all().forEach((row, index) => {
        row.querySelector("[data-order]").value = String(index + 1);
        row.querySelector("[data-number]").textContent = String(index + 1);
        row.querySelector("[data-up]").disabled = index === 0;
      });
      const last = all().at(-1);
      for (const row of all()) row.querySelector("[data-down]").disabled = row === last;
      form.querySelector("[data-count]").textContent = String(all().length);
    };
    const dress = (row) => {
      row.querySelector("[data-order]").hidden = true;
      row.querySelector("[data-number]").hidden = false;
      row.querySelector("[data-remove-box]").hidden = true;
      for (const name of ["up", "down", "insert", "remove"]) row.querySelector(`[data-${name}]`).hidden = false;
    };
    const say = (words, row) => {
      const code = codeOf(row) || "?";
      said.textContent = words.replace("%(code)s", code).replace("%(number)s", String(all().indexOf(row) + 1));
    };
    const move = (row, step) => {
      const list = all();
      const other = list[list.indexOf(row) + step];
      if (!other) return;
      const focused = document.activeElement;
      if (step < 0) other.before(row);
      else other.after(row);
      number();
      isChanged = true;
      (focused && row.contains(focused) && !focused.disabled ? focused : cell(row, "code")).focus();
      row.scrollIntoView({ block: "nearest", behavior: "instant" });
      say(said.dataset.moved, row);
    };
    const add = (after) => {
      const index = Number(total.value);
      const part = document.importNode(empty.content, true);
      for (const node of part.querySelectorAll("[name], [id], [for], [aria-describedby]")) {
        for (const name of ["name", "id", "for"]) {
          const value = node.getAttribute(name);
          if (value) node.setAttribute(name, value.replace("__prefix__", String(index)));
        }
      }
      const row = part.querySelector("[data-row]");
      total.value = String(index + 1);
      if (after) {
        after.after(row);
        cell(row, "stage").value = cell(after, "stage").value; // as a rule the next step belongs to the same stage
      } else rows.append(row);
      dress(row);
      number();
      isChanged = true;
      cell(row, "code").focus();
    };
    const remove = (row) => {
      const next = all()[all().indexOf(row) + 1] || all()[all().indexOf(row) - 1];
      say(said.dataset.removed, row);
      cell(row, "DELETE").checked = true;
      row.hidden = true;
      number();
      isChanged = true;
      if (next) cell(next, "code").focus();
    };

    for (const row of rows.querySelectorAll("[data-row]")) dress(row);
    number();

    form.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const row = button.closest("[data-row]");
      if (button.matches("[data-add]")) {
        event.preventDefault();
        add(all().at(-1));
      } else if (row && button.matches("[data-up]")) move(row, -1);
      else if (row && button.matches("[data-down]")) move(row, 1);
      else if (row && button.matches("[data-insert]")) add(row);
      else if (row && button.matches("[data-remove]")) remove(row);
    });
    form.addEventListener("keydown", (event) => {
      const row = event.target.closest("[data-row]");
      if (!row || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
      event.preventDefault();
      move(row, event.key === "ArrowUp" ? -1 : 1);
    });

    // The list of codes follows what is typed; in a list of codes it completes the last one.
    const codes = form.querySelector("#step-codes");
    const documents = form.querySelector("#document-codes");
    const labels = new Map([...documents.options].map((option) => [option.value, option.label]));
    const offer = (list, values, typed) => {
      const begun = typed.slice(0, typed.lastIndexOf(",") + 1);
      list.replaceChildren(
        ...values.map((value) => {
          const option = document.createElement("option");
          option.value = begun + value;
          if (labels.has(value)) option.label = labels.get(value);
          return option;
        }),
      );
    };
    const help = (event) => {
      const field = event.target;
      if (!field.list) return;
      if (field.list === documents) offer(documents, [...labels.keys()], field.value);
      else {
        const own = codeOf(field.closest("[data-row]"));
        offer(codes, all().map(codeOf).filter((code) => code && code !== own), field.value);
      }
    };
    form.addEventListener("focusin", help);
    form.addEventListener("input", (event) => {
      isChanged = true;
      help(event);
    });

    // A long process has more fields than a request may carry, so its rows travel as one.
    form.addEventListener("formdata", (event) => {
      const pairs = [];
      for (const [name, value] of [...event.formData.entries()]) {
        if (name.startsWith(PREFIX) && !name.endsWith("_FORMS")) pairs.push([name, value]);
      }
      for (const [name] of pairs) event.formData.delete(name);
      event.formData.set(FOLDED, JSON.stringify(pairs));
    });

    const leave = (event) => {
      if (isChanged && form.isConnected) event.preventDefault();
    };
    window.addEventListener("beforeunload", leave);
    const settle = () => window.removeEventListener("beforeunload", leave);
    form.addEventListener("submit", settle);
    document.addEventListener("htmx:beforeRedirect", settle);
    form.querySelector("[data-leave]").addEventListener("click", settle);
    form.addEventListener("htmx:beforeSwap", settle);
    form.addEventListener("htmx:beforeRequest", settle);
  };

  const start = () => {
    const form = document.querySelector("[data-template-editor]");
    if (form && !form.dataset.begun) {
      form.dataset.begun = "1";
      begin(form);
      const answer = form.querySelector("[data-answer]");
      if (answer) {
        answer.focus({ preventScroll: true });
        answer.scrollIntoView({ block: "start", behavior: "instant" });
      }
    }
  };
  document.addEventListener("htmx:afterSettle", start);
  start();

  // Choosing orders to move: the button counts them.
  const chooser = document.querySelector("[data-choose]");
  if (chooser) {
    const boxes = [...chooser.querySelectorAll("[data-choice]:not(:disabled)")];
    const every = chooser.querySelector("[data-choose-all]");
    const whole = chooser.querySelector("[data-choose-total]");
    const button = chooser.querySelector("[data-choose-button]");
    const count = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      const moved = whole?.checked ? Number(whole.dataset.chooseTotal) : chosen;
      every.checked = chosen > 0 && chosen === boxes.length;
      every.indeterminate = chosen > 0 && chosen < boxes.length;
      button.disabled = moved === 0;
      if (moved) button.textContent = moved === 1 ? button.dataset.word : button.dataset.words.replace("%(count)s", String(moved));
    };
    every.hidden = false;
    chooser.querySelector("[data-choose-words]").hidden = false;
    every.addEventListener("change", () => {
      for (const box of boxes) box.checked = every.checked;
      count();
    });
    chooser.addEventListener("change", count);
    count();
  }
})();
