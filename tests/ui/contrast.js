/* The texts on the page whose contrast is under 4.5:1 (WCAG 2.2, 1.4.3), with the ratio. */
() => {
  const rgba = (text) => { const n = text.match(/[\d.]+/g).map(Number); return [n[0], n[1], n[2], n[3] ?? 1]; };
  const light = (c) => { const v = c / 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
  const luminance = ([r, g, b]) => .2126 * light(r) + .7152 * light(g) + .0722 * light(b);
  const over = (top, under) => top.slice(0, 3).map((c, i) => c * top[3] + under[i] * (1 - top[3]));
  const styles = (element) => (element ? [getComputedStyle(element), ...styles(element.parentElement)] : []);
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const isSeen = walker.currentNode.data.trim() && element.checkVisibility();
    if (!isSeen || element.closest(".aside, :disabled, script, style")) continue;
    const chain = styles(element);
    const layers = chain.map((s) => rgba(s.backgroundColor)).reverse();
    const background = layers.reduce((under, top) => over(top, under), [255, 255, 255]);
    const opacity = chain.reduce((product, s) => product * Number(s.opacity), 1);
    const colour = rgba(chain[0].color);
    const seen = over([...colour.slice(0, 3), colour[3] * opacity], background);
    const [a, b] = [luminance(seen), luminance(background)];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${element.outerHTML.slice(0, 80)}`);
  }
  return poor;
}
