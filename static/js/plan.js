// The why of a date opens in a dialog; the time axis begins near today; a preview is shown where the eye is.
// Without this script each why is a page of its own.
(() => {
  "use strict";

  const dialog = document.getElementById("why-dialog");
  let opener = null;

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-why]");
    if (dialog && link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      opener = link;
      htmx.ajax("GET", link.href, { target: "#why-body", swap: "innerHTML" });
    }
    if (dialog?.open && (event.target.closest("[data-close-dialog]") || event.target === dialog)) dialog.close();
  });
  // A link within the why leads on the same page: the dialog must not stay in front of it.
  dialog?.addEventListener("click", (event) => {
    if (event.target.closest("a[href*='#']")) {
      opener = null;
      dialog.close();
    }
  });
  dialog?.addEventListener("close", () => opener?.focus());

  const showToday = (root) => {
    for (const axis of root.querySelectorAll("[data-axis]")) {
      const names = axis.querySelector(".axis-names");
      const now = Number(axis.dataset.axisNow);
      if (now) axis.scrollLeft = now - (axis.clientWidth - names.offsetWidth) / 3;
    }
  };
  showToday(document);

  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target;
    if (target.id === "why-body") {
      if (!dialog.open) dialog.showModal();
      dialog.querySelector("h2")?.focus();
      return;
    }
    const body = document.getElementById(target.id);
    if (!body) return;
    showToday(body);
    if (target.id === "plan-body") {
      const wrong = body.querySelector("[aria-invalid=true], .has-error input");
      const first = wrong || body.querySelector(".notice[role=alert]") || body.querySelector("#preview-title");
      first?.focus();
      first?.scrollIntoView({ block: "center" });
    }
  });
})();
