// One line above the code that says what has happened to it, with what can be done about it.

export interface Offer {
  label: string;
  /** Where it leads, in a tab of its own; or what it does. */
  href?: string;
  act?(): void;
}

export class Banner {
  #element: HTMLElement;
  #timer: number | undefined;
  #asks = false;

  constructor(element: HTMLElement) {
    this.#element = element;
    this.#adopt();
  }

  show(text: string, offers: Offer[] = []): void {
    window.clearTimeout(this.#timer);
    this.#asks = true;
    const words = document.createElement("p");
    words.textContent = text;
    const dismiss = button({ label: "Dismiss" }, () => this.hide());
    this.#element.replaceChildren(words, ...offers.map((offer) => this.#offer(offer)), dismiss);
  }

  /** The question it asks has been answered otherwise: what stood there is saved. */
  answered(): void {
    if (this.#asks) this.hide();
  }

  /** The same for what needs no answer: it makes room again by itself. */
  showPassing(text: string, milliseconds: number, offers: Offer[] = []): void {
    this.show(text, offers);
    this.#asks = false;
    this.#timer = window.setTimeout(() => this.hide(), milliseconds);
  }

  hide(): void {
    window.clearTimeout(this.#timer);
    this.#element.replaceChildren();
  }

  /** What the server wrote there can be put away like everything else. */
  #adopt(): void {
    const words = this.#element.querySelector("p")?.textContent ?? "";
    if (words !== "") this.show(words);
  }

  #offer(offer: Offer): HTMLElement {
    if (offer.href === undefined) {
      return button(offer, () => {
        this.hide();
        offer.act?.();
      });
    }
    const link = document.createElement("a");
    link.className = "small";
    link.href = offer.href;
    link.target = "_blank";
    link.textContent = offer.label;
    return link;
  }
}

function button(offer: Offer, act: () => void): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "small";
  element.textContent = offer.label;
  element.addEventListener("click", act);
  return element;
}
