// Boxes that scroll must be reachable by keyboard. The theme measures all boxes of a page at once,
// which lays out the whole page; here each is measured when the reader comes near, and counts as
// scrolling until then.
const courseNear = new IntersectionObserver((entries) => {
  const near = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
  const scrolls = near.map(
    (box) => box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight);
  near.forEach((box, i) => (box.tabIndex = scrolls[i] ? 0 : -1));
}, { rootMargin: "100%" });

function courseBox(box) {
  if (!box.hasAttribute("tabindex")) box.tabIndex = 0;
  courseNear.unobserve(box);
  courseNear.observe(box);
}
