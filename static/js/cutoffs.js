// Cut-offs count down in working time, which only the server knows: once a minute their lists are fetched anew, while the
// page is looked at. Photos are sent as soon as they are taken.
(() => {
  "use strict";

  const EVERY = 60_000;

  const refresh = async () => {
    if (document.hidden || !document.querySelector("[data-cutoffs]")) return;
    try {
      const answer = await fetch(window.location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const list of document.querySelectorAll("[data-cutoffs]")) {
        const fresh = page.getElementById(list.id);
        if (fresh) list.replaceWith(document.importNode(fresh, true));
      }
    } catch {
      // The next minute tries again.
    }
  };
  window.setInterval(refresh, EVERY);
  document.addEventListener("visibilitychange", refresh);

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-photo-input]") && event.target.files.length) event.target.form.requestSubmit();
  });
})();
