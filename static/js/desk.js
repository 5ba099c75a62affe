// Keys and check boxes of the desk. Rows are swapped by htmx, so everything is looked up when it is needed.
(() => {
  "use strict";

  const steps = () => [...document.querySelectorAll("[data-step]")];
  const current = () => document.querySelector("[data-step].is-focus");

  const focus = (step) => {
    if (!step) return;
    current()?.classList.remove("is-focus");
    step.classList.add("is-focus");
    step.focus({ preventScroll: true });
    step.scrollIntoView({ block: "nearest" });
  };

  const move = (by) => {
    const all = steps();
    const at = all.indexOf(current());
    focus(all[at === -1 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)]);
  };

  const showKeys = () => document.getElementById("keys")?.showModal();

  const keys = {
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    Enter: () => current()?.querySelector("[data-open]")?.click(),
    c: () => current()?.querySelector('[data-act="complete"]')?.click(),
    w: () => current()?.querySelector('[data-act="wait"]')?.click(),
    x: () => current()?.querySelector("[data-check]")?.click(),
    "?": showKeys,
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, a, button, summary, dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    // Without a chosen row the arrows scroll the page as usual.
    if (event.key.startsWith("Arrow") && !current()) return;
    event.preventDefault();
    keys[event.key]();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys]")) showKeys();
  });

  const showBulk = () => {
    for (const section of document.querySelectorAll(".desk-section")) {
      const button = section.querySelector("[data-bulk]");
      if (!button) continue;
      const count = section.querySelectorAll("[data-check]:checked").length;
      button.hidden = count === 0;
      button.querySelector("[data-bulk-count]").textContent = count || "";
    }
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-check]")) showBulk();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    showBulk();
    const id = event.detail.target?.id || "";
    if (/^step-\d+$/.test(id)) focus(document.getElementById(id));
    if (/^step-\d+-form$/.test(id)) {
      event.detail.target.querySelector("[autofocus], input:not([type=hidden]), textarea")?.focus();
    }
  });
  window.addEventListener("pageshow", showBulk);
})();
