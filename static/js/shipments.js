// The bar that marks checked shipments at once; without it each row still has its own button.
(() => {
  "use strict";

  const show = () => {
    const bar = document.querySelector("form[data-bulk]");
    if (!bar) return;
    const count = document.querySelectorAll('input[form="bulk"][name="chosen"]:checked').length;
    bar.hidden = count === 0;
    bar.querySelector("[data-bulk-count]").textContent = count;
  };

  document.addEventListener("change", (event) => {
    if (event.target.matches('input[name="chosen"]')) show();
  });
  // A row swapped by htmx comes back unchecked; so may the page from the browser's history.
  document.addEventListener("htmx:afterSwap", show);
  window.addEventListener("pageshow", show);
})();
