// Bulk acts: a button with data-act="operation" opens the dialog for the rows that are checked. The server says what
// would happen; this script only carries the row ids there and asks again when a field is filled in.
//
// <button data-bulk-act="complete" data-url="/acts/complete/preview/" data-side="customer">: `data-side`, `data-reason`
// are said beforehand. Checked rows are inputs named "ids". A dialog that did something reloads the list when closed.
(() => {
  "use strict";

  const dialog = () => document.getElementById("act-dialog");
  let isChanged = false;

  const chosen = (button) => {
    if (button.dataset.ids) return button.dataset.ids.split(",");
    return [...document.querySelectorAll('input[name="ids"]:checked')].map((box) => box.value);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-bulk-act]");
    if (button && dialog()) {
      event.preventDefault();
      const values = { ids: chosen(button) };
      if (button.dataset.side) values.side = button.dataset.side;
      if (button.dataset.reason) values.reason = button.dataset.reason;
      if (button.dataset.filled !== undefined) values.is_filled = "1";
      htmx.ajax("POST", button.dataset.url, { target: "#act", swap: "outerHTML", values });
    }
    if (event.target.closest("[data-close-act]") || event.target === dialog()) dialog()?.close();
  });

  document.addEventListener("change", (event) => {
    const form = event.target.closest("[data-act-form]");
    if (!form || !form.checkValidity()) return;
    form.querySelector("[data-act-look]")?.click();
  });

  // Once settled, its buttons do what they say; and what is refreshed behind the dialog must not move the focus in it.
  document.addEventListener("htmx:afterSettle", (event) => {
    const act = document.getElementById("act");
    if (event.target !== act || !act.childElementCount || !dialog() || !dialog().contains(act)) return;
    if (act.matches("[data-act-finished]")) isChanged = true;
    if (!dialog().open) {
      dialog().showModal();
      const first = act.querySelector("form input:not([type=hidden]), form select, form textarea");
      (first || act.querySelector("#act-title"))?.focus();
    } else if (act.matches("[data-act-finished]")) {
      act.querySelector("[data-act-reload]")?.focus();
    }
  });

  document.addEventListener(
    "close",
    (event) => {
      if (event.target === dialog() && isChanged) window.location.reload();
    },
    true,
  );
})();
