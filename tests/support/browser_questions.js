/* What the tests ask a page. Colours are those that the browser computed; the formulas are WCAG 2.2's. */
function channels(colour) {
  return (colour.match(/[\d.]+/g) || []).map(Number);
}

function luminance(colour) {
  const [r, g, b] = channels(colour).slice(0, 3).map(function (one) {
    const part = one / 255;
    return part <= 0.04045 ? part / 12.92 : Math.pow((part + 0.055) / 1.055, 2.4);
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function ratio(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort(function (a, b) { return a - b; });
  return (high + 0.05) / (low + 0.05);
}

function seen(element) {
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  return box.width > 1 && box.height > 1 && style.visibility === "visible" && style.display !== "none";
}

/* The colour behind an element: whatever is see-through lies upon what is further behind. */
function behind(element) {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    const style = getComputedStyle(at);
    if (style.backgroundImage !== "none" && !/^(select|button|input)$/i.test(at.tagName)) return "unknown";
    const [r, g, b, alpha = 1] = channels(style.backgroundColor);
    layers.unshift([r, g, b, alpha]);
    if (alpha === 1) break;
  }
  const mixed = layers.reduce(function (under, over) {
    return under.map(function (one, i) { return one * (1 - over[3]) + over[i] * over[3]; });
  }, [255, 255, 255]);
  return "rgb(" + mixed.map(Math.round).join(", ") + ")";
}

/* Every piece of text whose contrast is below AA, as "ratio text colour on colour". */
function weak() {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || /^(script|style|noscript|option|title)$/i.test(element.tagName) || !seen(element)) continue;
    const style = getComputedStyle(element);
    const drawn = element instanceof SVGElement;
    const colour = drawn ? style.fill : style.color;
    const ground = drawn ? getComputedStyle(element.previousElementSibling).fill : behind(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const told = ground === "unknown" ? 0 : ratio(colour, ground);
    if (told < (large ? 3 : 4.5)) {
      found.push(told.toFixed(2) + " " + node.data.trim().slice(0, 30) + " " + colour + " on " + ground);
    }
  }
  return found;
}

/* Elements that reach out of the screen to the right, where the page scrolls sideways. */
function wide() {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width && innerWidth <= Math.max(width, 1)) return [];
  return Array.from(document.querySelectorAll("body *")).filter(function (one) {
    return seen(one) && one.getBoundingClientRect().right > width + 1;
  }).map(function (one) { return one.tagName + "." + one.getAttribute("class") + " " + one.textContent.trim().slice(0, 30); })
    .concat(["page " + document.documentElement.scrollWidth + " > " + width]);
}

/* Text that its box does not show whole. */
function cut() {
  return Array.from(document.querySelectorAll("body *")).filter(function (one) {
    const hides = /hidden|clip/.test(getComputedStyle(one).overflow);
    return seen(one) && hides && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1);
  }).map(function (one) { return one.tagName + " " + one.textContent.trim().slice(0, 30); });
}

/* The lowest line of letters in a picture, as it is drawn on this screen. */
function smallest_number() {
  const heights = Array.from(document.querySelectorAll("svg text")).map(function (one) {
    return parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a;
  });
  return heights.length ? Math.min.apply(null, heights) : null;
}

function controls() {
  return Array.from(document.querySelectorAll("a[href], button, select, input, summary")).filter(seen);
}

/* Things to touch that are too small for a finger; a link within a sentence is excepted, as in WCAG. */
function small() {
  return controls().map(function (one) {
    const held = one.closest("label") || one;
    return [one, held.getBoundingClientRect()];
  }).filter(function (pair) { return pair[1].height < 44 || pair[1].width < 44; })
    .map(function (pair) { return pair[0].outerHTML.slice(0, 60) + " " + pair[1].width + "x" + pair[1].height; });
}

function stops() {
  return controls().length;
}

/* Where the keyboard is, and how wide the frame around it is. */
function focus() {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one);
  const width = style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
  return { at: controls().indexOf(one), width: width, contrast: ratio(style.outlineColor, behind(one.parentElement)) };
}

function outline() {
  return {
    lang: document.documentElement.lang,
    title: document.title,
    headings: Array.from(document.querySelectorAll("h1,h2,h3,h4,h5,h6")).filter(seen).map(function (one) {
      return Number(one.tagName[1]);
    }),
    mains: document.querySelectorAll("main").length,
    size: parseFloat(getComputedStyle(document.body).fontSize),
    text: document.body.innerText
  };
}
