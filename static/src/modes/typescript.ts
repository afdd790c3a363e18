import { typescriptLanguage } from "@codemirror/lang-javascript";

export const mode = typescriptLanguage;
