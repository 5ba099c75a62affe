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
})();
