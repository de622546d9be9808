// Boxes that scroll must be reachable by keyboard. The theme measures all boxes of a page at once,
// which lays out the whole page; here each is measured when the reader comes near, and counts as
// scrolling until then.
const courseNear = new IntersectionObserver((entries) => {
  const boxes = entries.map((entry) => entry.target);
  const stops = entries.map(({ isIntersecting, target: box }) => !isIntersecting
    || box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight);
  boxes.forEach((box, i) => (box.tabIndex = stops[i] ? 0 : -1));
}, { rootMargin: "100%" });

// Called for every box when the page is loaded, when its width changes, and when it gets new parts.
function courseBox(box) {
  courseNear.unobserve(box);
  courseNear.observe(box);
}
