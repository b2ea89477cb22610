// Moves and scales the picture, with wheel, pointers or keys.

const SMALLEST = 0.15;
const LARGEST = 3;
/** At this scale the smallest text of the picture has 11 pixels. */
const READABLE = 11 / 12;

/** Where the page itself scrolls (see `styles/page.css`), the wheel is the page's. */
const PAGE_SCROLLS = "(max-width: 800px)";

/** Around the picture. */
const MARGIN = 12;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Lets an SVG be moved and scaled. */
export class Zoom {
  readonly #svg: SVGSVGElement;
  readonly #content: SVGGElement;
  readonly #pointers = new Map<number, Point>();
  #size = { width: 1, height: 1 };
  #scale = 1;
  #x = 0;
  #y = 0;
  #moved = false;

  constructor(svg: SVGSVGElement, content: SVGGElement) {
    this.#svg = svg;
    this.#content = content;
    svg.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    svg.addEventListener("pointerdown", (event) => this.#down(event));
    svg.addEventListener("pointermove", (event) => this.#drag(event));
    for (const end of ["pointerup", "pointercancel"] as const) svg.addEventListener(end, (event) => this.#up(event));
    // A click that ends a drag chooses nothing.
    svg.addEventListener("click", (event) => this.#moved && event.stopPropagation(), { capture: true });
  }

  /** The size of the picture. */
  resize(width: number, height: number): void {
    this.#size = { width, height };
  }

  /** As wide as there is room, but readable; from the top. */
  reset(): void {
    const { width } = this.#room();
    this.#scale = Math.min(1, Math.max(READABLE, (width - 2 * MARGIN) / this.#size.width));
    this.#x = Math.max(MARGIN, (width - this.#size.width * this.#scale) / 2);
    this.#y = MARGIN;
    this.#apply();
  }

  /** All of it. */
  fit(): void {
    const { width, height } = this.#room();
    this.#scale = Math.max(SMALLEST, Math.min(1, (width - 32) / this.#size.width, (height - 32) / this.#size.height));
    this.#x = Math.max(16, (width - this.#size.width * this.#scale) / 2);
    this.#y = 16;
    this.#apply();
  }

  /** Larger or smaller, around the middle. */
  by(factor: number): void {
    const { width, height } = this.#room();
    this.#scaleAt(factor, { x: width / 2, y: height / 2 });
  }

  move(x: number, y: number): void {
    this.#x += x;
    this.#y += y;
    this.#apply();
  }

  /** Moves as little as it takes to show a rectangle of the picture. */
  reveal(x: number, y: number, width: number, height: number): void {
    const room = this.#room();
    const margin = 24;
    const shift = (from: number, length: number, offset: number, space: number): number => {
      const start = from * this.#scale + offset;
      const end = start + length * this.#scale;
      return start < margin ? margin - start : end > space - margin ? space - margin - end : 0;
    };
    this.move(shift(x, width, this.#x, room.width), shift(y, height, this.#y, room.height));
  }

  #room(): { width: number; height: number } {
    const { width, height } = this.#svg.getBoundingClientRect();
    return { width: width || 800, height: height || 600 };
  }

  #apply(): void {
    this.#content.setAttribute("transform", `translate(${this.#x} ${this.#y}) scale(${this.#scale})`);
  }

  #scaleAt(factor: number, at: Point): void {
    const scale = Math.min(LARGEST, Math.max(SMALLEST, this.#scale * factor));
    const ratio = scale / this.#scale;
    this.#x = at.x - (at.x - this.#x) * ratio;
    this.#y = at.y - (at.y - this.#y) * ratio;
    this.#scale = scale;
    this.#apply();
  }

  #local(event: MouseEvent): Point {
    const { left, top } = this.#svg.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  #wheel(event: WheelEvent): void {
    // Touchpads report a pinch as a wheel with the control key.
    const isPinch = event.ctrlKey || event.metaKey;
    if (!isPinch && matchMedia(PAGE_SCROLLS).matches) return;
    event.preventDefault();
    if (isPinch) this.#scaleAt(Math.exp(-event.deltaY / 200), this.#local(event));
    else if (event.shiftKey && event.deltaX === 0) this.move(-event.deltaY, 0);
    else this.move(-event.deltaX, -event.deltaY);
  }

  #down(event: PointerEvent): void {
    this.#pointers.set(event.pointerId, this.#local(event));
    if (this.#pointers.size === 1) this.#moved = false;
  }

  #drag(event: PointerEvent): void {
    const before = this.#pointers.get(event.pointerId);
    if (before === undefined) return;
    const now = this.#local(event);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other !== undefined) {
      const factor = distance(now, other) / Math.max(1, distance(before, other));
      this.#scaleAt(factor, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    } else if (this.#moved || distance(now, before) > 4) {
      if (!this.#moved) this.#svg.setPointerCapture(event.pointerId);
      this.#moved = true;
      this.move(now.x - before.x, now.y - before.y);
    } else {
      return;
    }
    this.#pointers.set(event.pointerId, now);
  }

  #up(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId);
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
