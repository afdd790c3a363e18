// Colours live in the style sheet; what cannot read it (the terminal widget) gets them from here.

import type { ITheme } from "@xterm/xterm";

const ANSI = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;

export function terminalTheme(): ITheme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const theme: ITheme = {
    background: colour("terminal"),
    foreground: colour("terminal-ink"),
    cursor: colour("accent"),
    cursorAccent: colour("terminal"),
    selectionBackground: colour("selection"),
    selectionInactiveBackground: colour("selection"),
    scrollbarSliderBackground: colour("slider"),
    scrollbarSliderHoverBackground: colour("slider-hover"),
    scrollbarSliderActiveBackground: colour("slider-hover"),
    overviewRulerBorder: "transparent",
  };
  for (const name of ANSI) {
    theme[name] = colour(`ansi-${name}`);
    theme[`bright${name[0]?.toUpperCase()}${name.slice(1)}` as "brightRed"] = colour(`ansi-bright-${name}`);
  }
  return theme;
}

export function onThemeChange(change: () => void): void {
  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
    window.matchMedia(query).addEventListener("change", change);
  }
}
