/** Tells elements when they come near the screen and when they leave: `element.seen(boolean)`. */

const observer = new IntersectionObserver(
  (entries) => entries.forEach((entry) => entry.target.seen(entry.isIntersecting)),
  { rootMargin: "400px 0px" },
);

export const watch = (element) => observer.observe(element);
export const unwatch = (element) => observer.unobserve(element);
