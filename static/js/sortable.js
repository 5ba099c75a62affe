// Puts the rows of a list in order: by dragging, or with the arrows, which also serve the keyboard.
(() => {
  "use strict";

  for (const list of document.querySelectorAll("[data-sortable]")) {
    let dragged = null;

    list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-move]");
      if (!button) return;
      const row = button.closest("li");
      if (button.dataset.move === "-1" && row.previousElementSibling) row.previousElementSibling.before(row);
      if (button.dataset.move === "1" && row.nextElementSibling) row.nextElementSibling.after(row);
      button.focus();
    });
    list.addEventListener("dragstart", (event) => {
      dragged = event.target.closest("li");
      event.dataTransfer.effectAllowed = "move";
    });
    list.addEventListener("dragover", (event) => {
      const over = event.target.closest("li");
      if (!dragged || !over || over === dragged) return;
      event.preventDefault();
      const box = over.getBoundingClientRect();
      if (event.clientY < box.top + box.height / 2) over.before(dragged);
      else over.after(dragged);
    });
    list.addEventListener("dragend", () => {
      dragged = null;
    });
  }
})();
