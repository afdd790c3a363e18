import { cpp } from "@codemirror/lang-cpp";

export const mode = cpp();
