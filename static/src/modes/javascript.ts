import { javascriptLanguage } from "@codemirror/lang-javascript";

export const mode = javascriptLanguage;
