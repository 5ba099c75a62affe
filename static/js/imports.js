// A sheet dropped on the page is looked at at once.
(() => {
  "use strict";

  const zone = () => document.querySelector("[data-drop]");
  document.addEventListener("dragover", (event) => {
    if (!event.target.closest?.("[data-drop]")) return;
    event.preventDefault();
    zone().classList.add("is-over");
  });
  document.addEventListener("dragleave", () => zone()?.classList.remove("is-over"));
  document.addEventListener("drop", (event) => {
    const target = event.target.closest?.("[data-drop]");
    if (!target || !event.dataTransfer.files.length) return;
    event.preventDefault();
    target.classList.remove("is-over");
    target.querySelector("input[type=file]").files = event.dataTransfer.files;
    target.closest("form").requestSubmit();
  });
})();
