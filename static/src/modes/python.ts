import { pythonLanguage } from "@codemirror/lang-python";

export const mode = pythonLanguage;
