// What the page is made of. Text from others goes in as text, never as HTML.

export function element(name, className = '', text = '') {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/** An initial on a colour that comes from the uid, so that it stays the same. */
export function avatar({ uid, name }) {
  const made = element('span', 'avatar', [...name][0].toUpperCase());
  made.ariaHidden = 'true';
  let hash = 0;
  for (const character of uid) hash = (hash * 31 + character.codePointAt(0)) % 360;
  made.style.setProperty('--hue', hash);
  return made;
}

/** Makes the list hold these items in this order, and leaves alone what is in its place already. */
export function arrange(list, items) {
  items.forEach((item, i) => item !== list.children[i] && list.insertBefore(item, list.children[i] ?? null));
  while (list.children.length > items.length) list.lastElementChild.remove();
}
