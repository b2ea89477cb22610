// Lines of an editor that something else points at.
import { type Extension, type Range, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";

/** Lines, from 1, both inside. */
export interface Lines {
  readonly line: number;
  readonly endLine: number;
}

/** A set of highlighted lines that is replaced as a whole. */
export interface Highlight {
  readonly extension: Extension;
  /** Highlights these lines instead of those before. */
  show(view: EditorView, lines: readonly Lines[]): void;
}

/** Makes a highlight whose lines have this class. */
export function highlight(name: string): Highlight {
  const replace = StateEffect.define<readonly Lines[]>();
  const field = StateField.define<DecorationSet>({
    create: () => Decoration.none,
    update(decorations, transaction) {
      let current = decorations.map(transaction.changes);
      for (const effect of transaction.effects) {
        if (!effect.is(replace)) continue;
        const { doc } = transaction.state;
        const ranges: Range<Decoration>[] = effect.value.flatMap(({ line, endLine }) => {
          const last = Math.min(endLine, doc.lines);
          return Array.from({ length: Math.max(0, last - line + 1) }, (_, index) => {
            const edge = index === 0 ? ` ${name}-first` : "";
            return Decoration.line({ class: `${name}${edge}` }).range(doc.line(line + index).from);
          });
        });
        current = Decoration.set(ranges, true);
      }
      return current;
    },
    provide: (field) => EditorView.decorations.from(field),
  });
  const show = (view: EditorView, lines: readonly Lines[]): void => view.dispatch({ effects: replace.of(lines) });
  return { extension: field, show };
}
