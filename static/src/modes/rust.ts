import { rust } from "@codemirror/lang-rust";

export const mode = rust();
