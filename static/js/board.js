// Cards of the board: dragged to a stage further right, the steps the card stands at are completed, after the preview.
(() => {
  "use strict";

  let dragged = null;
  const columnOf = (target) => target.closest?.("[data-column]");
  const isFurther = (column) => dragged && column && Number(column.dataset.column) > Number(columnOf(dragged).dataset.column);
  const clear = () => {
    for (const over of document.querySelectorAll(".board-column.is-over")) over.classList.remove("is-over");
  };

  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-card]");
    if (dragged) event.dataTransfer.setData("text/plain", dragged.dataset.card);
  });
  document.addEventListener("dragover", (event) => {
    const column = columnOf(event.target);
    clear();
    if (!isFurther(column)) return;
    event.preventDefault();
    column.classList.add("is-over");
  });
  document.addEventListener("drop", (event) => {
    const column = columnOf(event.target);
    clear();
    if (!isFurther(column)) return;
    event.preventDefault();
    const url = document.querySelector("[data-board-hint]").dataset.url;
    htmx.ajax("POST", url, { target: "#act", swap: "outerHTML", values: { ids: dragged.dataset.card.split(",") } });
  });
  document.addEventListener("dragend", () => {
    dragged = null;
    clear();
  });
})();
