// The dialog with the link.
import { encode, LONG_LINK, LONGEST_LINK, type Shared } from "../model/share.ts";
import { withoutSecrets } from "../model/secrets.ts";
import { h } from "./dom.ts";
import { icon } from "./icons.ts";

/** Shows a link to a snapshot. */
export async function showLink(shared: Shared, announced: (message: string) => void): Promise<void> {
  const { origin, pathname } = window.location;
  const { files, leftOut } = withoutSecrets(shared.files);
  const link = `${origin}${pathname}#${await encode({ ...shared, files })}`;
  const isTooLong = link.length > LONGEST_LINK;
  const field = h("input", { type: "text", readonly: true, value: isTooLong ? "" : link, "aria-label": "Link", onfocus: () => field.select() });
  const close = h("button", { type: "button", class: "ghost", onclick: () => dialog.close() }, "Close");
  const copy = h("button", { type: "button", class: "primary", disabled: isTooLong, onclick: () => void copied() }, icon("copy"), "Copy link");
  const copied = async (): Promise<void> => {
    await navigator.clipboard.writeText(link);
    dialog.close();
    announced("Copied the link");
  };
  const dialog = h(
    "dialog",
    { class: "dialog", "aria-labelledby": "share-title", onclose: () => dialog.remove() },
    h("h2", { id: "share-title" }, "Share this snapshot"),
    h("p", {}, "The link holds all files and options, compressed, behind its #. Browsers send that part to no server."),
    leftOut === 0 ? undefined : h("p", { class: "hint warning", id: "share-secrets" }, saidOfSecrets(leftOut)),
    isTooLong ? undefined : field,
    h("p", { class: tone(link.length), id: "share-length" }, said(link.length)),
    h("div", { class: "dialog-buttons" }, close, copy),
  );
  document.body.append(dialog);
  dialog.showModal();
  (isTooLong ? close : copy).focus();
}

function saidOfSecrets(count: number): string {
  return `${count === 1 ? "A document with a Secret is" : `${count} documents with Secrets are`} not in the link: whoever opens it sees everything else.`;
}

function tone(length: number): string {
  return length > LONGEST_LINK ? "hint error" : length > LONG_LINK ? "hint warning" : "hint";
}

function said(length: number): string {
  const characters = `${length.toLocaleString("en")} characters`;
  if (length > LONGEST_LINK) return `This snapshot is too large for a link: it would have ${characters}, and browsers take ${LONGEST_LINK.toLocaleString("en")}. Share the files instead.`;
  if (length > LONG_LINK) return `${characters}. Browsers take that, but some chat and mail programs cut links off after ${LONG_LINK.toLocaleString("en")}.`;
  return `${characters}.`;
}
