import { php } from "@codemirror/lang-php";

export const mode = php();
