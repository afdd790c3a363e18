import { goLanguage } from "@codemirror/lang-go";

export const mode = goLanguage;
