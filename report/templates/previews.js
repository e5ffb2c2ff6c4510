// Opens previews on hover and focus: the meaning of a term, and what a reference or a citation refers to. Without this
// script a term opens on click, and a reference is a link. This file is a part of a pandoc template: no dollar signs.
(() => {
  if (!("popover" in HTMLElement.prototype)) return;
  const shared = document.createElement("div");
  shared.popover = "manual";
  shared.className = "preview";
  shared.id = "preview";
  shared.setAttribute("role", "tooltip");
  document.getElementById("main").append(shared);
  let owner = null, shown = null, timer = 0;

  const place = (box, link) => {
    const at = link.getBoundingClientRect(), own = box.getBoundingClientRect(), space = 8;
    const left = Math.min(Math.max(space, at.left), innerWidth - own.width - space);
    const below = at.bottom + 6 + own.height <= innerHeight || at.top < own.height + 6;
    box.style.left = left + "px";
    box.style.top = (below ? at.bottom + 6 : at.top - own.height - 6) + "px";
  };
  const content = link => {
    const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!target) return null;
    const copy = part => { const clone = part.cloneNode(true); clone.removeAttribute("id"); return clone; };
    const parts = [];
    if (target.matches("figure")) {
      const picture = target.querySelector("img, svg");
      if (picture && !target.matches(".table")) parts.push(copy(picture));
      const caption = target.querySelector("figcaption");
      if (caption) parts.push(copy(caption));
    } else if (/^H[1-6]/.test(target.tagName)) {
      parts.push(copy(target));
      const next = target.nextElementSibling;
      if (next && next.tagName === "P") parts.push(copy(next));
    } else parts.push(copy(target));
    parts.forEach(part => part.querySelectorAll?.("[id]").forEach(inner => inner.removeAttribute("id")));
    parts.forEach(part => part.querySelectorAll?.(".anchor, .sources, [popover]").forEach(inner => inner.remove()));
    return parts;
  };
  const hide = () => {
    clearTimeout(timer);
    if (shown?.matches(":popover-open")) shown.hidePopover();
    owner?.removeAttribute("aria-describedby");
    owner = shown = null;
  };
  const show = link => {
    if (owner === link) return;
    hide();
    const term = link.matches(".term");
    const box = term ? document.getElementById(link.getAttribute("popovertarget")) : shared;
    if (!term) {
      const parts = content(link);
      if (!parts) return;
      shared.replaceChildren(...parts);
      link.setAttribute("aria-describedby", "preview");
    }
    if (!box.matches(":popover-open")) box.showPopover();
    owner = link;
    shown = box;
    place(box, link);
  };
  const later = (action, delay) => { clearTimeout(timer); timer = setTimeout(action, delay); };
  const links = "main a.xref, main a[role='doc-biblioref'], main .term";
  addEventListener("pointerover", event => {
    if (event.pointerType !== "mouse") return;
    const link = event.target.closest?.(links);
    if (link) later(() => show(link), 150);
    else if (shown?.contains(event.target)) clearTimeout(timer);
    else if (shown) later(hide, 250);
    else clearTimeout(timer);
  });
  addEventListener("focusin", event => {
    const link = event.target.closest?.(links);
    if (link?.matches(":focus-visible")) show(link);
    else if (!shown?.contains(event.target)) hide();
  });
  addEventListener("keydown", event => { if (event.key === "Escape") hide(); });
  addEventListener("scroll", () => { if (owner) place(shown, owner); }, { passive: true });
  document.addEventListener("toggle", event => { // a term that a click or a tap opened
    const box = event.target;
    if (!box.matches?.(".preview") || event.newState !== "open" || box === shown) return;
    const link = document.querySelector('[popovertarget="' + box.id + '"]');
    if (link) { owner = link; shown = box; place(box, link); }
  }, true);
})();
