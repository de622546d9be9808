// A formula that is wider than its column scrolls; then the keyboard must reach it.
(() => {
  const mark = () => {
    for (const formula of document.querySelectorAll("div.math")) {
      if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
      else formula.removeAttribute("tabindex");
    }
  };
  addEventListener("load", () => document.fonts.ready.then(mark)); // a late font widens formulas
  addEventListener("resize", mark);
})();
