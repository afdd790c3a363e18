import { java } from "@codemirror/lang-java";

export const mode = java();
