// A formula that is wider than its column scrolls; then the keyboard must reach it.
(() => {
  const mark = (formula) => {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
    else formula.removeAttribute("tabindex");
  };
  // Widths change with the window, and once more when the font has come.
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) mark(target.closest("div.math"));
  });
  addEventListener("DOMContentLoaded", () => {
    for (const formula of document.querySelectorAll("div.math, div.math > math"))
      observer.observe(formula);
  });
})();
