// The year of a calendar: arrow keys move from day to day, a chosen day opens its form in a dialog.
// Without this script every day is a link to the same form as a page.
(() => {
  "use strict";

  const months = document.querySelector("[data-calendar]");
  const dialog = document.getElementById("day-dialog");
  if (!months || !dialog) return;
  const days = [...months.querySelectorAll("[data-day]")];
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

  // One day is in the tab order, not 365.
  const settle = (day) => {
    for (const each of days) each.tabIndex = each === day ? 0 : -1;
  };
  settle(months.querySelector('[aria-current="date"]') || days[0]);

  months.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const at = days.indexOf(event.target.closest("[data-day]"));
    if (step === undefined || at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = days[Math.min(Math.max(at + step, 0), days.length - 1)];
    settle(next);
    next.focus();
  });

  let opener = null;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-day], [data-day-form]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      opener = link;
      if (link.matches("[data-day]")) settle(link);
      htmx.ajax("GET", link.href, { target: "#day-form", swap: "innerHTML" });
    }
    if (event.target.closest("[data-close-dialog]") || event.target === dialog) dialog.close();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "day-form") return;
    if (!dialog.open) dialog.showModal();
    (dialog.querySelector("[aria-invalid]") || dialog.querySelector("input:checked"))?.focus();
  });
  dialog.addEventListener("close", () => opener?.focus());
})();
