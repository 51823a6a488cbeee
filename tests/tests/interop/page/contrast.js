// Lists all visible texts with too little contrast to their background (WCAG 2, 1.4.3).
(() => {
  const parse = color => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const luminance = ({ r, g, b }) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const color = parse(getComputedStyle(element).backgroundColor);
      if (color.a === 1) return color;
      if (color.a !== 0) throw new Error('a background that is half there');
    }
    return parse(getComputedStyle(document.body).backgroundColor);
  };
  const faint = [];
  let texts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (['SCRIPT', 'STYLE', 'OPTION'].includes(element.tagName)) continue;
    texts += 1;
    const [text, back] = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))];
    const ratio = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
    if (ratio < 4.5) faint.push(node.data.trim().slice(0, 40) + ' ' + ratio.toFixed(2));
  }
  return { texts, faint: [...new Set(faint)], background: luminance(parse(getComputedStyle(document.body).backgroundColor)) };
})()
